//! What makes a builder one whose answer is a page; the list of them is generated.

/// Makes builders requests for pages: feature, operation, builder, item, and the field of the answer that holds the items.
macro_rules! paged {
    ($(#[$gate:meta] $operation:ident: $builder:ident => $item:ty, $items:ident;)*) => {$(
        #[$gate]
        #[allow(deprecated, reason = "operations that the vendor deprecates page, too")]
        impl crate::sealed::Sealed for builder::$builder {}

        #[$gate]
        #[allow(deprecated, reason = "operations that the vendor deprecates page, too")]
        impl PagedRequest for builder::$builder {
            type Item = $item;

            const OPERATION: &'static str = stringify!($operation);

            fn with_token(self, token: String) -> Self {
                self.next_token(token)
            }

            fn fetch(self) -> Fetch<Self::Item> {
                Box::pin(async move { Ok(self.send().await?.map(|page| (page.$items, page.next_token))) })
            }
        }
    )*};
}

pub(super) use paged;
