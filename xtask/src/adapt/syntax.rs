//! Questions about the generator's syntax tree that several files ask.

use syn::Item;

/// The names of the methods in an `impl` block.
pub(super) fn method_names(block: &syn::ItemImpl) -> impl Iterator<Item = &syn::Ident> {
    block.items.iter().filter_map(|item| match item {
        syn::ImplItem::Fn(method) => Some(&method.sig.ident),
        _ => None,
    })
}

/// The beginning of an item, for the message that nothing is known of it.
pub(super) fn describe(item: &Item) -> String {
    quote::quote!(#item).to_string().chars().take(120).collect()
}
