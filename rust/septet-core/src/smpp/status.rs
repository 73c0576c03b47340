//! `command_status` (5.1.3): codes, names, and what a router does about them.

/// What a status means to whoever sent the request. Practice, not specification: a carrier may override it by a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Done.
    Ok,
    /// Slow this link down and send the same message again; another route may take it.
    Throttle,
    /// Temporary: send again after a pause, a bounded number of times.
    Retry,
    /// Never going to work: the message fails.
    Permanent,
    /// About the bind, not about the message: bind anew, then send again.
    Session,
}

impl Class {
    /// The class in lower case, for metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Throttle => "throttle",
            Self::Retry => "retry",
            Self::Permanent => "permanent",
            Self::Session => "session",
        }
    }
}

/// A row of the status table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The value on the wire.
    pub code: u32,
    /// The specification's name, e.g. `ESME_RTHROTTLED`.
    pub name: &'static str,
    /// What to do about it.
    pub class: Class,
}

macro_rules! statuses {
    ($($code:literal $ident:ident $class:ident;)*) => {
        $(
            #[doc = concat!("`", stringify!($ident), "`, ", stringify!($code), ".")]
            pub const $ident: u32 = $code;
        )*
        /// Every status of versions 3.4 and 5.0, by rising code.
        pub const TABLE: &[Status] = &[
            $(Status { code: $code, name: stringify!($ident), class: Class::$class },)*
        ];
    };
}

statuses! {
    0x0000_0000 ESME_ROK Ok;
    0x0000_0001 ESME_RINVMSGLEN Permanent;
    0x0000_0002 ESME_RINVCMDLEN Permanent;
    0x0000_0003 ESME_RINVCMDID Permanent;
    0x0000_0004 ESME_RINVBNDSTS Session;
    0x0000_0005 ESME_RALYBND Session;
    0x0000_0006 ESME_RINVPRTFLG Permanent;
    0x0000_0007 ESME_RINVREGDLVFLG Permanent;
    0x0000_0008 ESME_RSYSERR Retry;
    0x0000_000A ESME_RINVSRCADR Permanent;
    0x0000_000B ESME_RINVDSTADR Permanent;
    0x0000_000C ESME_RINVMSGID Permanent;
    0x0000_000D ESME_RBINDFAIL Session;
    0x0000_000E ESME_RINVPASWD Session;
    0x0000_000F ESME_RINVSYSID Session;
    0x0000_0011 ESME_RCANCELFAIL Permanent;
    0x0000_0013 ESME_RREPLACEFAIL Permanent;
    0x0000_0014 ESME_RMSGQFUL Throttle;
    0x0000_0015 ESME_RINVSERTYP Permanent;
    0x0000_0033 ESME_RINVNUMDESTS Permanent;
    0x0000_0034 ESME_RINVDLNAME Permanent;
    0x0000_0040 ESME_RINVDESTFLAG Permanent;
    0x0000_0042 ESME_RINVSUBREP Permanent;
    0x0000_0043 ESME_RINVESMCLASS Permanent;
    0x0000_0044 ESME_RCNTSUBDL Permanent;
    0x0000_0045 ESME_RSUBMITFAIL Retry;
    0x0000_0048 ESME_RINVSRCTON Permanent;
    0x0000_0049 ESME_RINVSRCNPI Permanent;
    0x0000_0050 ESME_RINVDSTTON Permanent;
    0x0000_0051 ESME_RINVDSTNPI Permanent;
    0x0000_0053 ESME_RINVSYSTYP Permanent;
    0x0000_0054 ESME_RINVREPFLAG Permanent;
    0x0000_0055 ESME_RINVNUMMSGS Permanent;
    0x0000_0058 ESME_RTHROTTLED Throttle;
    0x0000_0061 ESME_RINVSCHED Permanent;
    0x0000_0062 ESME_RINVEXPIRY Permanent;
    0x0000_0063 ESME_RINVDFTMSGID Permanent;
    0x0000_0064 ESME_RX_T_APPN Retry;
    0x0000_0065 ESME_RX_P_APPN Permanent;
    0x0000_0066 ESME_RX_R_APPN Permanent;
    0x0000_0067 ESME_RQUERYFAIL Permanent;
    0x0000_00C0 ESME_RINVOPTPARSTREAM Permanent;
    0x0000_00C1 ESME_ROPTPARNOTALLWD Permanent;
    0x0000_00C2 ESME_RINVPARLEN Permanent;
    0x0000_00C3 ESME_RMISSINGOPTPARAM Permanent;
    0x0000_00C4 ESME_RINVOPTPARAMVAL Permanent;
    0x0000_00FE ESME_RDELIVERYFAILURE Retry;
    0x0000_00FF ESME_RUNKNOWNERR Retry;
    0x0000_0100 ESME_RSERTYPUNAUTH Permanent;
    0x0000_0101 ESME_RPROHIBITED Permanent;
    0x0000_0102 ESME_RSERTYPUNAVAIL Retry;
    0x0000_0103 ESME_RSERTYPDENIED Permanent;
    0x0000_0104 ESME_RINVDCS Permanent;
    0x0000_0105 ESME_RINVSRCADDRSUBUNIT Permanent;
    0x0000_0106 ESME_RINVDSTADDRSUBUNIT Permanent;
    0x0000_0107 ESME_RINVBCASTFREQINT Permanent;
    0x0000_0108 ESME_RINVBCASTALIAS_NAME Permanent;
    0x0000_0109 ESME_RINVBCASTAREAFMT Permanent;
    0x0000_010A ESME_RINVNUMBCAST_AREAS Permanent;
    0x0000_010B ESME_RINVBCASTCNTTYPE Permanent;
    0x0000_010C ESME_RINVBCASTMSGCLASS Permanent;
    0x0000_010D ESME_RBCASTFAIL Permanent;
    0x0000_010E ESME_RBCASTQUERYFAIL Permanent;
    0x0000_010F ESME_RBCASTCANCELFAIL Permanent;
    0x0000_0110 ESME_RINVBCAST_REP Permanent;
    0x0000_0111 ESME_RINVBCASTSRVGRP Permanent;
    0x0000_0112 ESME_RINVBCASTCHANIND Permanent;
}

/// The row of `code`, if the specification names it.
pub fn find(code: u32) -> Option<&'static Status> {
    TABLE.binary_search_by_key(&code, |row| row.code).ok().map(|at| &TABLE[at])
}

/// The row called `name`.
pub fn named(name: &str) -> Option<&'static Status> {
    TABLE.iter().find(|row| row.name == name)
}

/// The specification's name; for others one of a bounded set, fit for a metric's label.
pub fn name(code: u32) -> &'static str {
    match find(code) {
        Some(row) => row.name,
        // 5.1.3: 0x400 to 0x4FF belong to the message centre's vendor.
        None if (0x400..=0x4FF).contains(&code) => "vendor",
        None => "reserved",
    }
}

/// What to do about `code`. An unknown one is retried, because giving up on a passing fault loses a message.
pub fn class(code: u32) -> Class {
    find(code).map_or(Class::Retry, |row| row.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_rises_so_that_it_can_be_searched() {
        assert!(TABLE.windows(2).all(|pair| pair[0].code < pair[1].code));
        for row in TABLE {
            assert_eq!(name(row.code), row.name);
            assert_eq!(class(row.code), row.class);
            assert_eq!(named(row.name), Some(row));
        }
    }

    #[test]
    fn codes_without_a_name_have_a_bounded_label_and_are_retried() {
        assert_eq!(name(0x401), "vendor");
        assert_eq!(name(0x9), "reserved");
        assert_eq!(name(u32::MAX), "reserved");
        assert_eq!(class(0x401), Class::Retry);
    }

    #[test]
    fn the_classes_that_pacing_depends_on() {
        assert_eq!(class(ESME_RTHROTTLED), Class::Throttle);
        assert_eq!(class(ESME_RMSGQFUL), Class::Throttle);
        assert_eq!(class(ESME_RINVDSTADR), Class::Permanent);
        assert_eq!(class(ESME_RINVBNDSTS), Class::Session);
    }
}
