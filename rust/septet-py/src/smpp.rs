//! Python's view of `septet_core::smpp`. `septet.smpp` documents it for users.
#![expect(clippy::needless_pass_by_value, reason = "PyO3 hands arguments over by value")]
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyMapping, PyString};
use septet_core::Error;
use septet_core::smpp::frame::{self, HEADER, Header};
use septet_core::smpp::layout::Layout;
use septet_core::smpp::{pdu, status, tlv};

use crate::errors::{OrRaise, raise};
use fields::Fields;
use names::Names;

mod fields;
mod given;
mod names;
mod receipt;
mod tap;

/// A whole PDU; cannot be changed.
///
/// `command` is an operation's name or its id. Fields that are left out are 0 or empty, counts follow from what they
/// count. A response with another status than 0 and no fields has no body.
///
/// >>> from septet.smpp import Pdu
/// >>> pdu = Pdu("query_sm", sequence=3, fields={"message_id": "a1"}, tlvs=[(0x1401, b"x")])
/// >>> pdu.command_id, pdu.sequence, dict(pdu.fields)
/// (3, 3, {'message_id': 'a1', 'source_addr_ton': 0, 'source_addr_npi': 0, 'source_addr': ''})
/// >>> pdu.encode()[16:].hex(" ")
/// '61 31 00 00 00 00 14 01 00 01 78'
/// >>> Pdu("submit_sm_resp", status=0x58)
/// <Pdu submit_sm_resp sequence=1 status=ESME_RTHROTTLED fields={} tlvs=0>
#[pyclass(frozen, name = "Pdu", module = "septet.smpp")]
pub(crate) struct PyPdu {
    /// The whole PDU as it stands on the wire; a field becomes a value when somebody reads it.
    octets: Box<[u8]>,
    names: &'static Names,
    layout: Layout,
}

impl PyPdu {
    /// A PDU that a framer has cut out.
    #[inline]
    fn read(py: Python<'_>, header: Header, body: &[u8]) -> septet_core::Result<Self> {
        let unknown = || pdu::row(header.command).map_err(|error| Error { offset: Some(4), ..error });
        let Some(names) = Names::find(py, header.command) else {
            return Err(unknown().expect_err("an operation without a row"));
        };
        let layout = Layout::of(names.row, body).map_err(|bad| pdu::malformed(names.row, bad))?;
        let mut octets = Vec::with_capacity(HEADER + body.len());
        octets.extend_from_slice(&header.octets());
        octets.extend_from_slice(body);
        Ok(Self { octets: octets.into_boxed_slice(), names, layout })
    }

    fn body(&self) -> &[u8] {
        &self.octets[HEADER..]
    }

    fn header(&self) -> Header {
        Header::read(&self.octets).expect("a PDU has a header")
    }

    /// The names of the fields.
    fn keys(&self) -> &[Py<PyString>] {
        &self.names.fields()[..self.layout.len()]
    }

    /// The value of a field.
    #[inline]
    fn object<'py>(&self, py: Python<'py>, at: usize) -> PyResult<Bound<'py, PyAny>> {
        fields::object(py, self.names.row.fields[at].kind, self.layout.field(at, self.body()))
    }
}

#[pymethods]
impl PyPdu {
    #[new]
    #[pyo3(signature = (command, *, sequence = 1, status = 0, fields = None, tlvs = Vec::new()))]
    fn new(
        command: &Bound<'_, PyAny>,
        sequence: u32,
        status: u32,
        fields: Option<&Bound<'_, PyAny>>,
        tlvs: Vec<(u16, PyBackedBytes)>,
    ) -> PyResult<Self> {
        let py = command.py();
        let names = operation(command)?;
        let mut octets = Vec::with_capacity(128);
        given::put(py, names, (status, sequence), fields, &tlvs, &mut octets)?;
        let layout =
            Layout::of(names.row, &octets[HEADER..]).map_err(|bad| pdu::malformed(names.row, bad)).or_raise(py)?;
        Ok(Self { octets: octets.into_boxed_slice(), names, layout })
    }

    /// The operation's name, such as `submit_sm`.
    #[getter]
    fn command(&self) -> &'static str {
        self.names.row.name
    }

    /// `command_id`.
    #[getter]
    fn command_id(&self) -> u32 {
        self.names.row.id
    }

    /// `command_status`.
    #[getter]
    fn status(&self) -> u32 {
        self.header().status
    }

    /// `sequence_number`.
    #[getter]
    fn sequence(&self) -> u32 {
        self.header().sequence
    }

    /// The mandatory parameters by the specification's names, in wire order.
    #[getter]
    fn fields(slf: Py<Self>) -> Fields {
        Fields(slf)
    }

    /// Tag and value of each TLV, in wire order.
    #[getter]
    fn tlvs<'py>(&self, py: Python<'py>) -> Vec<(u16, Bound<'py, PyBytes>)> {
        self.layout.tlvs(self.body()).iter().map(|(tag, value)| (tag, PyBytes::new(py, value))).collect()
    }

    /// The octets; `decode` gives the same PDU again.
    fn encode<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.octets)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().octets == self.octets)
    }

    #[classattr]
    fn __hash__() -> Option<Py<PyAny>> {
        None
    }

    fn __repr__(slf: Py<Self>, py: Python<'_>) -> PyResult<String> {
        let pdu = slf.get();
        let (name, header) = (pdu.names.row.name, pdu.header());
        let (sequence, status) = (header.sequence, status::name(header.status));
        let tlvs = pdu.layout.tlvs(pdu.body()).iter().count();
        let fields = fields::dict(py, pdu)?.repr()?.to_string();
        Ok(format!("<Pdu {name} sequence={sequence} status={status} fields={fields} tlvs={tlvs}>"))
    }
}

fn operation(command: &Bound<'_, PyAny>) -> PyResult<&'static Names> {
    let py = command.py();
    let names = if let Ok(name) = command.cast::<PyString>() {
        Names::named(py, &name.to_cow()?)
    } else if let Ok(id) = command.extract::<u32>() {
        Names::find(py, id)
    } else {
        return Err(PyTypeError::new_err("command is an operation's name, such as \"submit_sm\", or its id"));
    };
    let missing = || {
        let message = format!(
            "{} is not an operation of SMPP 3.4",
            command.repr().map_or_else(|_| String::new(), |r| r.to_string())
        );
        Error::new("smpp.unknown_command", message)
    };
    names.ok_or_else(missing).or_raise(py)
}

/// A PDU that a `Framer` could cut out but not decode.
///
/// >>> from septet.smpp import Framer
/// >>> (bad,) = Framer().feed(bytes.fromhex("00000010 00000999 00000000 00000005"))
/// >>> bad.error.code, bad.sequence, bad.fatal
/// ('smpp.unknown_command', 5, False)
#[pyclass(frozen, get_all, module = "septet.smpp")]
pub(crate) struct BadPdu {
    /// The `SeptetError` that says what is wrong; its offset counts from the PDU's first octet.
    error: Py<PyAny>,
    /// `command_id`, as received.
    command_id: u32,
    /// `command_status`, as received.
    status: u32,
    /// `sequence_number`, as received.
    sequence: u32,
    /// The octets of the PDU; of one that lost the stream, its header alone.
    data: Py<PyBytes>,
    /// True if the stream is lost: answer with `generic_nack` 0x02 and close (4.3).
    fatal: bool,
}

#[pymethods]
impl BadPdu {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let error = self.error.bind(py).repr()?;
        let fatal = if self.fatal { "True" } else { "False" };
        Ok(format!("BadPdu({error}, sequence={}, fatal={fatal})", self.sequence))
    }
}

impl BadPdu {
    fn new(py: Python<'_>, header: Header, data: &[u8], error: &Error, fatal: bool) -> Self {
        Self {
            error: raise(py, error).into_value(py).into_any(),
            command_id: header.command,
            status: header.status,
            sequence: header.sequence,
            data: PyBytes::new(py, data).unbind(),
            fatal,
        }
    }
}

/// Cuts a stream into PDUs, however it arrives. Keeps at most one incomplete PDU of at most `max_pdu` octets.
///
/// >>> from septet.smpp import Framer, Pdu
/// >>> framer, data = Framer(), Pdu("enquire_link").encode()
/// >>> framer.feed(data[:10]), framer.pending
/// ([], 10)
/// >>> framer.feed(data[10:])
/// [<Pdu enquire_link sequence=1 status=ESME_ROK fields={} tlvs=0>]
#[pyclass(module = "septet.smpp", name = "Framer")]
pub(crate) struct PyFramer(frame::Framer, u32);

#[pymethods]
impl PyFramer {
    #[new]
    #[pyo3(signature = (*, max_pdu = frame::DEFAULT_MAX_PDU))]
    fn new(max_pdu: u32) -> Self {
        Self(frame::Framer::new(max_pdu), max_pdu)
    }

    /// The PDUs that this chunk completes.
    fn feed<'py>(&mut self, py: Python<'py>, chunk: PyBackedBytes) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let (mut found, mut failed) = (Vec::new(), None);
        let max = self.1;
        self.0.feed(&chunk, |front| {
            let one = match front {
                Ok((header, body)) => one(py, header, body),
                Err(header) => {
                    let bad = BadPdu::new(py, header, &header.octets(), &pdu::bad_length(header), true);
                    Bound::new(py, bad).map(Bound::into_any)
                }
            };
            match one {
                Ok(one) => found.push(one),
                Err(error) => failed = Some(error),
            }
            Some(max)
        });
        failed.map_or(Ok(found), Err)
    }

    /// Octets kept until the rest of their PDU arrives.
    #[getter]
    fn pending(&self) -> usize {
        self.0.kept()
    }

    /// True once a length that cannot be true was seen; nothing more comes out.
    #[getter]
    fn lost(&self) -> bool {
        self.0.is_lost()
    }
}

fn one<'py>(py: Python<'py>, header: Header, body: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    match PyPdu::read(py, header, body) {
        Ok(pdu) => Bound::new(py, pdu).map(Bound::into_any),
        Err(error) => {
            let data = [&header.octets(), body].concat();
            Bound::new(py, BadPdu::new(py, header, &data, &error, false)).map(Bound::into_any)
        }
    }
}

/// Decodes exactly one PDU.
#[pyfunction]
fn smpp_decode(py: Python<'_>, data: PyBackedBytes) -> PyResult<PyPdu> {
    let (header, body, rest) = pdu::cut(&data).or_raise(py)?;
    let found = PyPdu::read(py, header, body).or_raise(py)?;
    pdu::alone(&data, rest).or_raise(py).map(|()| found)
}

/// Encodes many PDUs of one operation into one run of octets.
#[pyfunction]
#[pyo3(signature = (command, fields, *, sequence = 1))]
fn smpp_encode_many<'py>(
    command: &Bound<'py, PyAny>,
    fields: &Bound<'py, PyAny>,
    sequence: u32,
) -> PyResult<Bound<'py, PyBytes>> {
    let py = command.py();
    let names = operation(command)?;
    let (mut out, mut next) = (Vec::with_capacity(128 * fields.len().unwrap_or(0).min(1 << 16)), sequence);
    for one in fields.try_iter()? {
        given::put(py, names, (0, next), Some(&one?), &[], &mut out)?;
        // 5.1.4: 1 to 0x7FFFFFFF.
        next = if next >= 0x7FFF_FFFF { 1 } else { next + 1 };
    }
    Ok(PyBytes::new(py, &out))
}

/// The specification's name of a `command_status`; `vendor` or `reserved` for those it does not name.
#[pyfunction]
fn smpp_status_name(code: u32) -> &'static str {
    status::name(code)
}

/// The specification's name of a TLV's tag.
#[pyfunction]
fn smpp_tlv_name(tag: u16) -> Option<&'static str> {
    tlv::name(tag)
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyPdu>()?;
    m.add_class::<BadPdu>()?;
    m.add_class::<PyFramer>()?;
    m.add_class::<Fields>()?;
    m.add_class::<receipt::PyReceipt>()?;
    m.add_class::<tap::PyTap>()?;
    PyMapping::register::<Fields>(m.py())?;
    m.add_function(wrap_pyfunction!(smpp_decode, m)?)?;
    m.add_function(wrap_pyfunction!(smpp_encode_many, m)?)?;
    m.add_function(wrap_pyfunction!(smpp_status_name, m)?)?;
    m.add_function(wrap_pyfunction!(smpp_tlv_name, m)?)?;
    m.add_function(wrap_pyfunction!(receipt::parse_receipt, m)?)
}
