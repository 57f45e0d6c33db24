//! The one account that serves every driver: its credentials and its Sanctum tokens.

use crate::world::dice::Dice;
use std::collections::BTreeSet;

/// Id of the account; in `filter[user_id]` the same as 0.
pub const ACCOUNT_ID: u64 = 40_217;
/// Characters of a token, `{id}|{opaque}` together.
pub const TOKEN_LENGTH: usize = 54;

/// Why a login failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// Phone or password is wrong.
    WrongCredentials,
    /// The credentials are right but the account is suspended.
    Suspended,
}

/// The account.
#[derive(Debug)]
pub struct Account {
    phone: String,
    password: String,
    suspended: bool,
    tokens: BTreeSet<String>,
    last_token_id: u64,
    dice: Dice,
}

impl Account {
    /// An account with these credentials and no token yet.
    pub fn new(seed: u64, phone: &str, password: &str) -> Self {
        Self {
            phone: digits(phone),
            password: password.to_owned(),
            suspended: false,
            tokens: BTreeSet::new(),
            last_token_id: 12_344,
            dice: Dice::new(seed),
        }
    }

    /// A new token; older ones stay alive.
    ///
    /// # Errors
    /// When the credentials are wrong, or right but of no use.
    pub fn login(&mut self, phone: &str, password: &str) -> Result<String, LoginError> {
        if digits(phone) != self.phone || password != self.password {
            return Err(LoginError::WrongCredentials);
        }
        if self.suspended {
            return Err(LoginError::Suspended);
        }
        const ALPHABET: &[u8; 62] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        self.last_token_id += 1;
        let mut token = format!("{}|", self.last_token_id);
        while token.len() < TOKEN_LENGTH {
            token.push(char::from(*self.dice.pick(ALPHABET)));
        }
        self.tokens.insert(token.clone());
        Ok(token)
    }

    /// Whether calls with this token are served. A suspended account's tokens are dead as long as it is.
    pub fn accepts(&self, token: &str) -> bool {
        !self.suspended && self.tokens.contains(token)
    }

    /// Kills every token given so far.
    pub fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Suspends the account or lifts that.
    pub fn suspend(&mut self, suspended: bool) {
        self.suspended = suspended;
    }

    /// Whether the account is suspended.
    pub fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// How many tokens are alive.
    pub fn tokens(&self) -> usize {
        if self.suspended { 0 } else { self.tokens.len() }
    }
}

/// A phone without its punctuation.
fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account::new(1, "+7 (999) 000-00-00", "secret")
    }

    #[test]
    fn a_token_is_an_id_and_an_opaque_part_of_54_characters_in_all() {
        let mut account = account();
        let token = account.login("+79990000000", "secret").unwrap();
        let (id, opaque) = token.split_once('|').unwrap();
        assert_eq!(token.len(), 54);
        assert!(
            id.parse::<u64>().is_ok() && opaque.bytes().all(|byte| byte.is_ascii_alphanumeric())
        );
        assert_ne!(account.login("+79990000000", "secret").unwrap(), token);
    }

    #[test]
    fn revoked_tokens_are_dead_and_new_ones_live() {
        let mut account = account();
        let old = account.login("+79990000000", "secret").unwrap();
        account.revoke_tokens();
        let new = account.login("+79990000000", "secret").unwrap();
        assert_eq!(
            (account.accepts(&old), account.accepts(&new)),
            (false, true)
        );
    }

    #[test]
    fn a_suspended_account_neither_logs_in_nor_is_served() {
        let mut account = account();
        let token = account.login("+79990000000", "secret").unwrap();
        account.suspend(true);
        assert_eq!(
            account.login("+79990000000", "secret"),
            Err(LoginError::Suspended)
        );
        assert_eq!(
            account.login("+79990000000", "wrong"),
            Err(LoginError::WrongCredentials)
        );
        assert!(!account.accepts(&token));
        account.suspend(false);
        assert!(account.accepts(&token));
    }
}
