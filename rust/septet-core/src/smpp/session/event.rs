//! What a session is told to be and what it reports.

use super::super::command;
use super::super::pdu::Pdu;
use super::super::sm::Sm;
use super::super::tlv::Tlvs;
use crate::clock::Micros;

/// Which end of the connection we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The message centre: peers bind to us.
    Server,
    /// The ESME: we bind to the peer.
    Client,
}

/// What a bind allows (2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BindMode {
    /// The ESME submits.
    Transmitter,
    /// The ESME receives.
    Receiver,
    /// Both.
    Transceiver,
}

impl BindMode {
    /// `transmitter`, `receiver` or `transceiver`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transmitter => "transmitter",
            Self::Receiver => "receiver",
            Self::Transceiver => "transceiver",
        }
    }

    /// The mode called so.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Transmitter, Self::Receiver, Self::Transceiver].into_iter().find(|mode| mode.name() == name)
    }

    /// The `command_id` that asks for it.
    pub const fn command(self) -> u32 {
        match self {
            Self::Transmitter => command::BIND_TRANSMITTER,
            Self::Receiver => command::BIND_RECEIVER,
            Self::Transceiver => command::BIND_TRANSCEIVER,
        }
    }

    pub(super) const fn of(command: u32) -> Option<Self> {
        match command {
            command::BIND_TRANSMITTER => Some(Self::Transmitter),
            command::BIND_RECEIVER => Some(Self::Receiver),
            command::BIND_TRANSCEIVER => Some(Self::Transceiver),
            _ => None,
        }
    }

    pub(super) const fn bit(self) -> u8 {
        match self {
            Self::Transmitter => command::TX,
            Self::Receiver => command::RX,
            Self::Transceiver => command::TRX,
        }
    }
}

/// Where the session stands (2.2; 5.0 section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Connected, not bound.
    Open,
    /// The message centre has said outbind: the ESME is to bind now.
    Outbound,
    /// A bind was asked for and not yet answered.
    Binding,
    /// Bound; [`super::Session::mode`] says how.
    Bound,
    /// We want to leave: waiting for our window, then for the answer to our unbind.
    Unbinding,
    /// The peer asked to leave: its answer goes out after those it still waits for.
    Unbound,
    /// Over.
    Closed,
}

/// Limits and timers of a session. Times are in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Which end we are.
    pub role: Role,
    /// Our requests that may be unanswered at once.
    pub window_out: usize,
    /// The peer's requests that may be unanswered at once; one more is answered `ESME_RTHROTTLED`.
    pub window_in: usize,
    /// Silence after which the peer is asked whether it lives; 0: never.
    pub enquire_link: Micros,
    /// Time without a message after which the session unbinds; 0: never.
    pub inactivity: Micros,
    /// How long a request waits for its response; also bounds an unbind.
    pub response_timeout: Micros,
    /// How long a connection may stay without a bind.
    pub session_init: Micros,
    /// Largest PDU accepted from the peer once it is bound.
    pub max_pdu: u32,
    /// The newest version that we speak: 0x34 for 3.4. The session's is the older of both ends'.
    pub interface_version: u8,
    /// What a server puts into its bind response.
    pub system_id: Vec<u8>,
}

impl Config {
    /// Usual limits: windows of 10 (2.5.1), 30 s of silence, 60 s for a response, 10 s for the bind.
    pub fn new(role: Role) -> Self {
        use crate::clock::SECOND;
        Self {
            role,
            window_out: 10,
            window_in: 10,
            enquire_link: 30 * SECOND,
            inactivity: 0,
            response_timeout: 60 * SECOND,
            session_init: 10 * SECOND,
            max_pdu: super::super::frame::DEFAULT_MAX_PDU,
            interface_version: 0x34,
            system_id: Vec::new(),
        }
    }
}

/// Something that the session's owner has to know. Borrowed from the chunk that was received.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// Server: a peer asks to bind. Answer with `accept_bind` or `refuse_bind`.
    Bind {
        /// What for.
        mode: BindMode,
        /// To be given back in the answer.
        sequence: u32,
        /// Who it says it is.
        system_id: &'a [u8],
        /// Its proof.
        password: &'a [u8],
        /// What kind of system.
        system_type: &'a [u8],
        /// As the peer wrote it: 0x34 for 3.4; 0x33 and below must not be sent TLVs.
        interface_version: u8,
        /// Addresses it serves, as it writes them.
        address_range: &'a [u8],
    },
    /// Client: the peer accepted our bind.
    Bound {
        /// Who the peer says it is.
        system_id: &'a [u8],
        /// Its version; None means that it takes no TLVs.
        sc_interface_version: Option<u8>,
    },
    /// Client: the peer refused our bind. `Closed` follows.
    BindRefused {
        /// Why.
        status: u32,
    },
    /// Server: the peer is a message centre that connected to us and says outbind. Answer with `turn`, then `bind`, or with
    /// `refuse_outbind`.
    Outbind {
        /// Who it says it is.
        system_id: &'a [u8],
        /// Its proof.
        password: &'a [u8],
    },
    /// An operation that is no single message: `submit_multi`, a query, a cancel, a replace, a broadcast, each to be answered
    /// once with `respond` or `respond_with`; or `alert_notification`, which has no answer.
    Operation {
        /// The whole of it.
        pdu: &'a Pdu,
    },
    /// A message. It must be answered once with `respond`.
    Message {
        /// `submit_sm`, `deliver_sm` or `data_sm`.
        command: u32,
        /// To be given back in the answer.
        sequence: u32,
        /// The parameters.
        sm: Sm<'a>,
    },
    /// The answer to one of our requests. Each token is reported at most once as answered in time and, if it timed out
    /// before, at most once as late.
    Response {
        /// What `request` was given.
        token: u64,
        /// The response's `command_id`, or `generic_nack`.
        command: u32,
        /// Its `command_status`.
        status: u32,
        /// Empty where the peer gave none.
        message_id: &'a [u8],
        /// Optional parameters.
        tlvs: Tlvs<'a>,
        /// The whole body, for operations whose response says more.
        body: &'a [u8],
        /// Since the request was written.
        waited: Micros,
        /// True if `TimedOut` was reported for it before.
        late: bool,
    },
    /// A request got no response in time. Whether it was carried out is unknown. Its place in the window is free.
    TimedOut {
        /// What `request` was given.
        token: u64,
    },
    /// The peer did something wrong; the session has answered as the protocol prescribes.
    Bad {
        /// What.
        reason: BadReason,
    },
    /// The peer asks to leave. Requests still unanswered by us may be answered; the session answers the unbind after
    /// them, then reports `Closed`.
    Unbound,
    /// The session is over: write the output, then close the connection.
    Closed {
        /// Why.
        reason: CloseReason,
    },
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $label:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// A stable name for metrics and logs.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}

named! {
    /// What a peer did wrong.
    BadReason {
        /// A `command_length` that cannot be true.
        BadLength = "bad_length",
        /// A `command_id` that no version has.
        UnknownCommand = "unknown_command",
        /// A body that does not follow its layout.
        Malformed = "malformed",
        /// A response whose body does not follow its layout; it counts as the response all the same.
        MalformedResponse = "malformed_response",
        /// An operation that the state does not allow.
        WrongState = "wrong_state",
        /// An operation that the session's version does not have.
        WrongVersion = "wrong_version",
        /// A second bind.
        AlreadyBound = "already_bound",
        /// More unanswered requests than agreed.
        OverWindow = "over_window",
        /// A response to nothing.
        UnaskedResponse = "unasked_response",
        /// A `generic_nack` to nothing.
        UnaskedNack = "unasked_nack",
        /// Too many PDUs before a bind.
        TooMuchBeforeBind = "too_much_before_bind",
    }
}

named! {
    /// Why a session is over.
    CloseReason {
        /// The peer unbound.
        PeerUnbound = "peer_unbound",
        /// We unbound and the peer agreed.
        Unbound = "unbound",
        /// We wanted to unbind and the peer did not answer in time.
        UnbindTimeout = "unbind_timeout",
        /// No bind in time.
        InitTimeout = "init_timeout",
        /// The bind was refused.
        BindRefused = "bind_refused",
        /// A message centre that nobody knows said outbind.
        OutbindRefused = "outbind_refused",
        /// No answer to `enquire_link`, nor anything else.
        EnquireTimeout = "enquire_timeout",
        /// No message for too long.
        Inactive = "inactive",
        /// The stream is lost.
        BadLength = "bad_length",
        /// Too many PDUs before a bind.
        TooMuchBeforeBind = "too_much_before_bind",
    }
}

/// Why a request was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// As many requests as allowed are unanswered.
    WindowFull,
    /// Not bound, or leaving.
    NotBound,
    /// This end may not send this operation under this bind.
    NotAllowed,
}
