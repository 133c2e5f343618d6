//! The operations that page, a line for each.

use togai_api::{builder, types};

use super::{Fetch, PagedRequest, sealed::Sealed};

/// Operation, builder, item, and the field of the answer that holds the items.
macro_rules! paged {
    ($($operation:literal: $builder:ident => $item:ident, $items:ident;)*) => {$(
        impl Sealed for builder::$builder {}

        impl PagedRequest for builder::$builder {
            type Item = types::$item;

            const OPERATION: &'static str = $operation;

            fn with_token(self, token: String) -> Self {
                self.next_token(token)
            }

            fn fetch(self) -> Fetch<Self::Item> {
                Box::pin(async move {
                    let page = self.send().await?.into_inner();
                    Ok((page.$items, page.next_token))
                })
            }
        }
    )*};
}

paged! {
    "get_accounts": GetAccounts => CustomerAccount, data;
    "get_events": GetEvents => EventWithStatus, events;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_that_pages_has_its_line() {
        let lines = [builder::GetAccounts::OPERATION, builder::GetEvents::OPERATION];
        let paged: Vec<&str> = togai_api::OPERATIONS
            .iter()
            .filter(|operation| operation.paging.is_some())
            .map(|operation| operation.id)
            .collect();
        assert_eq!(paged, lines);
    }
}
