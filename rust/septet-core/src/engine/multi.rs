//! submit_multi (4.5): one message for each destination, one id for them all.

use super::Engine;
use super::accept::{Arrival, Submit};
use super::envelope::Envelope;
use super::id::{Id, LENGTH, Naming};
use crate::clock::Micros;
use crate::smpp::pdu::{Destination, Failure};
use crate::smpp::sm::{Addr, Sm};
use crate::smpp::{Pdu, Tlvs, status, tlv};

/// What a submit_multi has beside its first message.
#[derive(Default)]
pub(super) struct Multi {
    pub(super) rest: Vec<(u16, Envelope)>,
    pub(super) failures: Vec<Failure>,
}

impl Engine {
    /// Reads a submit_multi: one message for each destination, and each that cannot be reached by its status (4.5.2.1).
    /// If none can, there is nothing to take: the failures come back.
    pub(super) fn arrive_multi(
        &mut self,
        account: u16,
        how: Submit,
        pdu: &Pdu,
        now: Micros,
    ) -> Result<Arrival, Vec<Failure>> {
        let mut raw = Vec::new();
        for (tag, value) in &pdu.tlvs {
            tlv::put(&mut raw, *tag, value);
        }
        let mut sm = Sm {
            service_type: pdu.text("service_type"),
            source: Addr {
                ton: pdu.octet("source_addr_ton"),
                npi: pdu.octet("source_addr_npi"),
                addr: pdu.text("source_addr"),
            },
            dest: Addr::default(),
            esm_class: pdu.octet("esm_class"),
            protocol_id: pdu.octet("protocol_id"),
            priority: pdu.octet("priority_flag"),
            schedule: pdu.text("schedule_delivery_time"),
            validity: pdu.text("validity_period"),
            registered: pdu.octet("registered_delivery"),
            replace: pdu.octet("replace_if_present_flag"),
            data_coding: pdu.octet("data_coding"),
            default_msg_id: pdu.octet("sm_default_msg_id"),
            short_message: pdu.text("short_message"),
            tlvs: Tlvs::new(&raw),
        };
        let mut multi = Multi::default();
        for destination in pdu.destinations() {
            let (ton, npi, addr) = match destination {
                Destination::Sme(ton, npi, addr) => (*ton, *npi, addr),
                // The node keeps no distribution lists.
                Destination::List(name) => {
                    let failure = Failure { ton: 0, npi: 0, addr: name.clone(), status: status::ESME_RINVDLNAME };
                    multi.failures.push(failure);
                    continue;
                }
            };
            sm.dest = Addr { ton, npi, addr };
            match self.lay_out(account, how.version, &sm, &[0; LENGTH], now) {
                Ok(taken) => multi.rest.push(taken),
                Err(refusal) => {
                    self.tally_refused(account, &refusal);
                    multi.failures.push(Failure { ton, npi, addr: addr.clone(), status: refusal.status });
                }
            }
        }
        if multi.rest.is_empty() {
            return Err(multi.failures);
        }
        let (carrier, envelope) = multi.rest.remove(0);
        let Submit { command, sequence, .. } = how;
        Ok(Arrival { sequence, since: now, command, carrier, envelope, multi: Some(Box::new(multi)) })
    }

    /// Takes in all messages of a submit_multi; the first one's id is the id of them all.
    pub(super) fn take_in_all(
        &mut self,
        account: u16,
        first: (u16, Envelope),
        rest: Vec<(u16, Envelope)>,
        now: Micros,
    ) -> Id {
        let id = self.fresh_id(account, first.1.naming(), now);
        for (index, (carrier, mut envelope)) in std::iter::once(first).chain(rest).enumerate() {
            envelope.join(id);
            let own = if index == 0 { id } else { self.fresh_id(account, Naming::Own, now) };
            self.take_in_as(own, envelope, account, carrier, now);
        }
        id
    }
}
