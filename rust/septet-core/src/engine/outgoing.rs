//! A part of an MT as the PDU that it leaves in: what its carrier's version has, in the form that its table wants.

use super::envelope::{Envelope, flag};
use super::shape::{self, Dress, Written};
use super::tables::Carrier;
use crate::clock::WallMs;
use crate::smpp::command::{self, version::V34};
use crate::smpp::session::Session;
use crate::smpp::sm::{INTERMEDIATE, Sm};
use crate::smpp::time;
use crate::smpp::tlv::{self, Tlvs};

/// What a session lets its carrier be told.
pub(super) struct Way<'t> {
    table: &'t Carrier,
    takes_tlvs: bool,
    version: u8,
    /// data_sm, or else submit_sm.
    pub(super) command: u32,
    wall: WallMs,
}

impl<'t> Way<'t> {
    pub(super) fn of(table: &'t Carrier, session: &Session, wall: WallMs) -> Self {
        // 3.4 §3.4: a peer that named no version knows no TLVs.
        let takes_tlvs = table.quirks.send_tlvs.allow(session.takes_tlvs());
        let as_data = table.quirks.data_sm && takes_tlvs && session.can_send(command::DATA_SM);
        let command = if as_data { command::DATA_SM } else { command::SUBMIT_SM };
        Self { table, takes_tlvs, version: session.version().max(V34), command, wall }
    }

    /// Seconds that a message is still worth sending, where its sender said so.
    pub(super) fn validity(&self, env: &Envelope) -> Option<u64> {
        env.has(flag::VALIDITY).then(|| env.expires().saturating_sub(self.wall) / 1_000)
    }

    /// Gives a part, as `command` carries it.
    pub(super) fn with<T>(&self, command: u32, env: &Envelope, index: usize, give: impl FnOnce(&Sm<'_>) -> T) -> T {
        let Self { table, takes_tlvs, .. } = *self;
        let plain = shape::is_plain(table, env) && (takes_tlvs || shape::sar(env).is_none());
        let dress = (!plain).then(|| Dress::of(table, env, index, takes_tlvs));
        let (from, to) = (Written::Same(env.from()), Written::Same(env.to()));
        let tlvs = dress.as_ref().map_or_else(|| env.tlvs(), |dress| &dress.tlvs);
        // What its version does not know is not sent to a peer.
        let mut tlvs = tlv::known_to(if takes_tlvs { tlvs } else { &[] }, self.version);
        let mut validity = Vec::new();
        if let Some(seconds) = self.validity(env) {
            // 5.3.2.9: data_sm has no validity_period.
            if command != command::DATA_SM {
                time::write_relative(&mut validity, seconds);
            } else if Tlvs::new(&tlvs).get(tlv::QOS_TIME_TO_LIVE).is_none() {
                let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
                tlv::put(tlvs.to_mut(), tlv::QOS_TIME_TO_LIVE, &seconds.to_be_bytes());
            }
        }
        let receipt = env.has(flag::RECEIPT);
        let service_type = match env.service_type() {
            b"" => table.service_type.as_bytes(),
            asked => asked,
        };
        give(&Sm {
            service_type,
            source: dress.as_ref().map_or(&from, |dress| &dress.source).addr(table.source),
            dest: dress.as_ref().map_or(&to, |dress| &dress.dest).addr(table.dest),
            esm_class: dress.as_ref().map_or(env.esm_class(), |dress| dress.esm_class),
            protocol_id: env.protocol_id(),
            priority: env.priority(),
            schedule: b"",
            validity: &validity,
            registered: if receipt { 1 | env.registered() & INTERMEDIATE } else { 0 },
            // A later part of the same message must not replace the first.
            replace: u8::from(env.has(flag::REPLACE) && index == 0),
            data_coding: dress.as_ref().map_or(env.data_coding(), |dress| dress.data_coding),
            default_msg_id: env.default_message(),
            short_message: dress.as_ref().map_or_else(|| env.part(index), |dress| &dress.short_message),
            tlvs: Tlvs::new(&tlvs),
        })
    }
}
