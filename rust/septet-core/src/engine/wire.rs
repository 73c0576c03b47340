//! Little-endian reading and writing for records: bounded, and an error instead of a panic.

use crate::{Error, Result};

/// Appends fixed-width integers and length-prefixed octets.
pub(super) trait Put {
    /// The octets written so far.
    fn octets(&mut self) -> &mut Vec<u8>;

    fn put_u8(&mut self, value: u8) {
        self.octets().push(value);
    }
    fn put_u16(&mut self, value: u16) {
        self.octets().extend_from_slice(&value.to_le_bytes());
    }
    fn put_u32(&mut self, value: u32) {
        self.octets().extend_from_slice(&value.to_le_bytes());
    }
    fn put_u64(&mut self, value: u64) {
        self.octets().extend_from_slice(&value.to_le_bytes());
    }
    fn put_u128(&mut self, value: u128) {
        self.octets().extend_from_slice(&value.to_le_bytes());
    }
    /// A 32-bit length, then the octets.
    fn put_bytes(&mut self, value: &[u8]) {
        self.put_u32(value.len() as u32);
        self.octets().extend_from_slice(value);
    }
}

impl Put for Vec<u8> {
    fn octets(&mut self) -> &mut Vec<u8> {
        self
    }
}

/// Reads what [`Put`] wrote.
pub(super) struct Take<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Take<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at == self.data.len()
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.data[self.at..]
    }

    pub(super) fn raw(&mut self, length: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.data.len());
        let Some(end) = end else {
            let message = "the record ends early: the journal is damaged";
            return Err(Error::at("engine.bad_record", self.at, message));
        };
        let slice = &self.data[self.at..end];
        self.at = end;
        Ok(slice)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.raw(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }
    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }
    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }
    pub(super) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }
    pub(super) fn u128(&mut self) -> Result<u128> {
        Ok(u128::from_le_bytes(self.array()?))
    }
    pub(super) fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.u32()? as usize;
        self.raw(length)
    }
    pub(super) fn string(&mut self) -> Result<String> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }
}
