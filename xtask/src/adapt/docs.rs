//! Rustdoc from the descriptions of the document.

use proc_macro2::TokenStream;
use quote::quote;

/// Where lines of rustdoc are broken, the marker and some indentation counted.
const WIDTH: usize = 110;

/// Attributes that say a text.
pub(super) fn attributes(text: &str) -> TokenStream {
    let lines = wrapped(text).into_iter().map(|line| if line.is_empty() { line } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// The attribute of what the vendor has deprecated.
pub(super) fn deprecation() -> TokenStream {
    quote!(#[deprecated = "the vendor has deprecated it: its description says what replaces it"])
}

/// The rustdoc of an item, its lines joined.
pub(super) fn text_of(attributes: &[syn::Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The text in lines that are not too long. Lists and paragraphs stay as they are.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut paragraph_is_open = false;
    for source in text.trim().lines() {
        let source = source.trim();
        let starts_anew = source.is_empty() || source.starts_with("- ") || source.starts_with('#');
        if starts_anew || !paragraph_is_open {
            lines.push(String::new());
        }
        paragraph_is_open = !source.is_empty();
        let indent = if source.starts_with("- ") { "  " } else { "" };
        for word in source.split_whitespace() {
            let line = lines.last().map_or(0, |line| line.chars().count());
            if line > 0 && line + 1 + word.chars().count() > WIDTH {
                lines.push(indent.to_owned());
            }
            if let Some(line) = lines.last_mut() {
                if !line.trim().is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_and_lists_stay_lists() {
        let text = format!("A summary.\n\n{}\n- one item\n- another {}", "word ".repeat(30), "long ".repeat(30));
        let lines = wrapped(&text);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{lines:#?}");
        assert_eq!(lines[0], "A summary.");
        assert_eq!(lines[1], "");
        assert_eq!(lines.iter().filter(|line| line.starts_with("- ")).count(), 2);
        assert!(lines.last().is_some_and(|line| line.starts_with("  long")), "{lines:#?}");
    }
}
