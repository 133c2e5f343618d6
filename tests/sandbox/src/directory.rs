//! The accounts of the sandbox and the names they go by.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use crate::form::Fields;

const MOST_ALIASES: usize = 10;

/// An account of a customer.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) customer_id: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) schedules: Vec<Schedule>,
    /// What only the operations of today know of an account, such as its currency.
    pub(crate) details: Fields,
}

/// A price plan that an account is on.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) price_plan_name: String,
    pub(crate) start_date: String,
    pub(crate) end_date: String,
    pub(crate) rate_card: Option<Value>,
}

/// All accounts.
///
/// An id or an alias means one account, whichever customer it belongs to, because events name no customer.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// In the order of creation, which is that of the lists.
    accounts: BTreeMap<usize, Account>,
    created: usize,
    /// Ids and aliases.
    names: HashMap<String, usize>,
}

impl Directory {
    /// Adds an account.
    ///
    /// # Errors
    ///
    /// Why its id or its aliases cannot be taken.
    pub(crate) fn create(&mut self, account: Account) -> Result<&Account, String> {
        if self.names.contains_key(&account.id) {
            return Err(format!("id: is taken by another account or alias: {}", account.id));
        }
        self.check_aliases(&account.id, &[], &account.aliases)?;

        let number = self.created;
        self.created += 1;
        self.names.insert(account.id.clone(), number);
        self.names.extend(account.aliases.iter().map(|alias| (alias.clone(), number)));
        Ok(self.accounts.entry(number).or_insert(account))
    }

    /// The account with this id, if it belongs to the customer.
    pub(crate) fn get(&self, customer_id: &str, account_id: &str) -> Option<&Account> {
        self.accounts.get(&self.number(customer_id, account_id)?)
    }

    /// The same, to be changed; its id and its aliases have methods of their own.
    pub(crate) fn get_mut(&mut self, customer_id: &str, account_id: &str) -> Option<&mut Account> {
        let number = self.number(customer_id, account_id)?;
        self.accounts.get_mut(&number)
    }

    /// Removes an account, and answers whether there was one.
    pub(crate) fn delete(&mut self, customer_id: &str, account_id: &str) -> bool {
        let Some(number) = self.number(customer_id, account_id) else { return false };
        self.names.retain(|_, owner| *owner != number);
        self.accounts.remove(&number).is_some()
    }

    /// Adds aliases to an account; those that it has already are no mistake.
    ///
    /// # Errors
    ///
    /// Why the aliases cannot be taken. Then none of them is.
    pub(crate) fn add_aliases(
        &mut self,
        customer_id: &str,
        account_id: &str,
        aliases: &[String],
    ) -> Result<(), String> {
        let Some(number) = self.number(customer_id, account_id) else { return Ok(()) };
        let Some(account) = self.accounts.get(&number) else { return Ok(()) };
        let mut seen: HashSet<_> = account.aliases.iter().collect();
        let new: Vec<_> = aliases.iter().filter(|alias| seen.insert(alias)).cloned().collect();
        self.check_aliases(account_id, &account.aliases, &new)?;

        self.names.extend(new.iter().map(|alias| (alias.clone(), number)));
        if let Some(account) = self.accounts.get_mut(&number) {
            account.aliases.extend(new);
        }
        Ok(())
    }

    /// Removes aliases from an account; those that it does not have are no mistake.
    pub(crate) fn remove_aliases(&mut self, customer_id: &str, account_id: &str, aliases: &[String]) {
        let Some(account) = self.get_mut(customer_id, account_id) else { return };
        let (removed, kept) = account.aliases.drain(..).partition(|alias| aliases.contains(alias));
        account.aliases = kept;
        for alias in &removed as &Vec<String> {
            self.names.remove(alias);
        }
    }

    /// The account that an event names by id or alias.
    pub(crate) fn resolve(&self, id_or_alias: &str) -> Option<&Account> {
        self.accounts.get(self.names.get(id_or_alias)?)
    }

    /// The account with this id, of any customer.
    pub(crate) fn with_id(&self, account_id: &str) -> Option<&Account> {
        self.resolve(account_id).filter(|account| account.id == account_id)
    }

    /// All accounts, each with its position in the list.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &Account)> {
        self.accounts.iter().map(|(number, account)| (*number, account))
    }

    /// The accounts of a customer, each with its position in the list of all.
    pub(crate) fn of_customer(&self, customer_id: &str) -> impl Iterator<Item = (usize, &Account)> {
        self.all().filter(move |(_, account)| account.customer_id == customer_id)
    }

    fn number(&self, customer_id: &str, account_id: &str) -> Option<usize> {
        let number = *self.names.get(account_id)?;
        let account = self.accounts.get(&number)?;
        // The name may be an alias, which does not stand in a path.
        (account.id == account_id && account.customer_id == customer_id).then_some(number)
    }

    fn check_aliases(&self, account_id: &str, present: &[String], new: &[String]) -> Result<(), String> {
        if present.len() + new.len() > MOST_ALIASES {
            let total = present.len() + new.len();
            return Err(format!("aliases: an account has at most {MOST_ALIASES}, and this would make {total}"));
        }
        let mut seen = HashSet::new();
        for (index, alias) in new.iter().enumerate() {
            if alias == account_id || self.names.contains_key(alias) || !seen.insert(alias) {
                return Err(format!("aliases[{index}]: is taken by another account or alias: {alias}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(customer_id: &str, id: &str, aliases: &[&str]) -> Account {
        Account {
            customer_id: customer_id.to_owned(),
            id: id.to_owned(),
            name: format!("Account {id}"),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            schedules: Vec::new(),
            details: Fields::new(),
        }
    }

    fn directory() -> Directory {
        let mut directory = Directory::default();
        directory.create(account("acme", "prod", &["p", "q"])).unwrap();
        directory.create(account("umbrella", "other", &[])).unwrap();
        directory
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn ids_and_aliases_are_unique_over_all_customers() {
        let mut directory = directory();
        assert!(directory.create(account("umbrella", "prod", &[])).is_err());
        assert!(directory.create(account("umbrella", "p", &[])).is_err());
        assert!(directory.create(account("umbrella", "new", &["q"])).is_err());
        assert!(directory.create(account("umbrella", "new", &["new"])).is_err());
        assert!(directory.add_aliases("umbrella", "other", &names(&["x", "prod"])).is_err());
        assert!(directory.resolve("x").is_none());
        assert!(directory.resolve("new").is_none());
    }

    #[test]
    fn an_account_is_found_by_its_aliases_until_they_are_removed() {
        let mut directory = directory();
        directory.add_aliases("acme", "prod", &names(&["p", "r", "r"])).unwrap();
        assert_eq!(directory.resolve("r").unwrap().aliases, ["p", "q", "r"]);
        directory.remove_aliases("acme", "prod", &names(&["p", "unknown"]));
        assert!(directory.resolve("p").is_none());
        assert_eq!(directory.resolve("q").unwrap().id, "prod");
        assert!(directory.get("acme", "q").is_none());
    }

    #[test]
    fn an_account_has_at_most_ten_aliases() {
        let mut directory = directory();
        let more: Vec<_> = (0..9).map(|number| format!("alias-{number}")).collect();
        let message = directory.add_aliases("acme", "prod", &more).unwrap_err();
        assert_eq!(message, "aliases: an account has at most 10, and this would make 11");
        directory.add_aliases("acme", "prod", &more[1..]).unwrap();
    }

    #[test]
    fn a_deleted_account_frees_its_names() {
        let mut directory = directory();
        assert!(!directory.delete("umbrella", "prod"));
        assert!(directory.delete("acme", "prod"));
        assert!(directory.resolve("p").is_none());
        directory.create(account("umbrella", "prod", &["p"])).unwrap();
        assert_eq!(directory.of_customer("umbrella").count(), 2);
    }
}
