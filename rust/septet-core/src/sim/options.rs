//! How a simulated carrier behaves. Rates are chances from 0 to 1, delays are drawn evenly from a range.

use crate::clock::Micros;
use crate::smpp::status;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Who may bind; empty: anybody.
    pub system_id: String,
    /// With which password; empty: any.
    pub password: String,
    /// From submit_sm to its response.
    pub submit_delay: (Micros, Micros),
    /// From the response to the receipt.
    pub dlr_delay: (Micros, Micros),
    /// Submits refused with `error_status`.
    pub error_rate: f64,
    /// See `error_rate`.
    pub error_status: u32,
    /// Submits that are taken and never answered.
    pub no_reply_rate: f64,
    /// Submits taken in any second; more are answered ESME_RTHROTTLED; 0 = no limit.
    pub throttle: u32,
    /// Receipts that say UNDELIV instead of DELIVRD.
    pub dlr_fail_rate: f64,
    /// Receipts sent before the response of their submit.
    pub early_dlr_rate: f64,
    /// Receipts sent twice.
    pub double_dlr_rate: f64,
    /// Receipts that never leave; a query still tells the state.
    pub lost_dlr_rate: f64,
    /// Unanswered deliver_sm per connection.
    pub window: usize,
    /// Short messages kept to be shown and asked about; the oldest go first.
    pub keep: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            system_id: String::new(),
            password: String::new(),
            submit_delay: (0, 0),
            dlr_delay: (0, 0),
            error_rate: 0.0,
            error_status: status::ESME_RSYSERR,
            no_reply_rate: 0.0,
            throttle: 0,
            dlr_fail_rate: 0.0,
            early_dlr_rate: 0.0,
            double_dlr_rate: 0.0,
            lost_dlr_rate: 0.0,
            window: 100,
            keep: 100_000,
        }
    }
}
