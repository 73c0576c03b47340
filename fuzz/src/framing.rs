//! The stream's cuts change nothing: whole, in pieces and octet by octet give what a plain loop over lengths gives.

use septet_core::smpp::frame::{Framer, HEADER, Header};

use crate::steer::Steer;

type Seen = Vec<Result<(Header, Vec<u8>), Header>>;

/// The PDUs of a stream by their lengths alone, and the octets of an unfinished one.
fn reference(mut stream: &[u8], max: u32) -> (Seen, usize) {
    let mut out = Vec::new();
    while stream.len() >= HEADER {
        let word = |at: usize| u32::from_be_bytes(stream[at..at + 4].try_into().expect("four octets"));
        let header = Header { length: word(0), command: word(4), status: word(8), sequence: word(12) };
        if header.length < 16 || header.length > max {
            out.push(Err(header));
            return (out, 0);
        }
        let length = header.length as usize;
        if stream.len() < length {
            break;
        }
        out.push(Ok((header, stream[HEADER..length].to_vec())));
        stream = &stream[length..];
    }
    (out, stream.len())
}

fn run<'a>(chunks: impl Iterator<Item = &'a [u8]>, max: u32) -> (Seen, usize) {
    let mut framer = Framer::new(max);
    let mut seen = Vec::new();
    for chunk in chunks {
        framer.feed(chunk, |pdu| {
            seen.push(pdu.map(|(header, body)| (header, body.to_vec())));
            Some(max)
        });
        assert!(framer.kept() <= max as usize);
        assert_eq!(framer.is_lost(), seen.last().is_some_and(Result::is_err));
    }
    (seen, framer.kept())
}

/// Any octets as a stream, cut by octets of its own.
pub fn any(data: &[u8]) {
    let mut steer = Steer::new(data);
    let max = u32::from(steer.octet()) * 4 + HEADER as u32;
    let count = usize::from(steer.octet() & 15);
    let cuts = steer.octets(count);
    // Lengths are drawn small, else hardly any stream would hold two PDUs.
    let mut stream = steer.all().to_vec();
    let mut at = 0;
    while let Some(length) = stream.get_mut(at..at + 4) {
        let near = length[3] >= 16 && length[2] == 0;
        if near {
            length[..2].fill(0);
        }
        at += if near { usize::from(length[3]) } else { stream.len() };
    }
    let want = reference(&stream, max);
    assert_eq!(run(std::iter::once(&stream[..]), max), want);
    assert_eq!(run(stream.chunks(1), max), want);
    let mut rest = &stream[..];
    let mut pieces = Vec::new();
    for cut in cuts {
        let (head, tail) = rest.split_at(usize::from(*cut).min(rest.len()));
        pieces.push(head);
        rest = tail;
    }
    pieces.push(rest);
    assert_eq!(run(pieces.into_iter(), max), want);
}
