//! Prints generated files: each row of a macro call on a line of its own, so that a diff shows which row has changed.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::{Attribute, File, Item, ItemMacro};

/// The text of a file. prettyplease formats everything but macro calls, whose tokens it fills into lines.
pub(crate) fn file(file: File) -> Result<String> {
    let mut text = unparse(file.attrs, Vec::new());
    for item in file.items {
        match item {
            Item::Macro(call) => text.push_str(&macro_call(&call)?),
            other => text.push_str(&unparse(Vec::new(), vec![other])),
        }
    }
    Ok(text)
}

fn unparse(attrs: Vec<Attribute>, items: Vec<Item>) -> String {
    prettyplease::unparse(&File { shebang: None, attrs, items })
}

/// A call `name!(header { rows });`. Any other form is an error, since there is no layout for it.
fn macro_call(call: &ItemMacro) -> Result<String> {
    print(call).with_context(|| format!("cannot print the macro call `{}`", quote::quote!(#call)))
}

fn print(call: &ItemMacro) -> Result<String> {
    let mut header: Vec<TokenTree> = call.mac.tokens.clone().into_iter().collect();
    let Some(TokenTree::Group(last)) = header.pop() else { bail!("it does not end with its rows") };
    if last.delimiter() != Delimiter::Brace {
        bail!("its rows are not in braces");
    }

    // prettyplease prints what comes before the tokens: attributes and the name.
    let mut empty = call.clone();
    empty.mac.tokens = TokenStream::new();
    let empty = unparse(Vec::new(), vec![Item::Macro(empty)]);
    let start = empty.strip_suffix(");\n").context("it is not in parentheses")?;

    let mut text = format!("{start}{} {{", line(&header)?);
    let rows: Vec<TokenTree> = last.stream().into_iter().collect();
    if !rows.is_empty() {
        text.push('\n');
    }
    // Semicolons end rows that have commas inside.
    let end = if rows.iter().any(|token| is_punct(token, ';')) { ';' } else { ',' };
    for row in rows.split_inclusive(|token| is_punct(token, end)) {
        writeln!(text, "    {}", line(row)?)?;
    }
    text.push_str("});\n");
    Ok(text)
}

/// Tokens in one line, with the spaces that rustfmt would set.
fn line(tokens: &[TokenTree]) -> Result<String> {
    let mut line = String::new();
    for token in tokens {
        let text = match token {
            TokenTree::Ident(_) | TokenTree::Literal(_) => token.to_string(),
            TokenTree::Punct(mark) if is_known(mark) => token.to_string(),
            TokenTree::Group(list) if list.delimiter() == Delimiter::Bracket => {
                let items: Vec<TokenTree> = list.stream().into_iter().collect();
                format!("[{}]", self::line(&items)?)
            }
            other => bail!("there is no rule for `{other}`"),
        };
        let follows_closely = [',', ':', ';'].iter().any(|mark| is_punct(token, *mark));
        if !line.is_empty() && !follows_closely {
            line.push(' ');
        }
        line.push_str(&text);
    }
    Ok(line)
}

/// Whether the spaces around a punctuation mark are known. Those of an operator such as `::` are not.
fn is_known(mark: &proc_macro2::Punct) -> bool {
    mark.spacing() == Spacing::Alone && [',', ':', ';', '='].contains(&mark.as_char())
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

#[cfg(test)]
mod tests {
    use quote::ToTokens as _;

    use super::*;

    /// A file with calls, and with text that only looks like one.
    const SOURCE: &str = r#"
        //! About `record!(A { a: "a", always, value; b: "b", always, value; });`.
        use crate::record::record;
        /// record!(A { a: "a", always, value; b: "b", always, value; });
        const TEXT: &str = "record!(A { a: \"a\", always, value; b: \"b\", always, value; });";
        record!(Answer: Default requires [] {
            account_id: "accountId" or "account", always, value; r#as: "a; b, {c}", present, moment;
        });
        #[cfg(any(feature = "things", feature = "tools"))]
        record!(Request requires ["name", "Name"] { name: "name", always, exact; });
        record!(Empty requires [] {});
        open_enum!(State { Active = "ACTIVE", OnHold = "ON_HOLD", });
    "#;

    fn printed(source: &str) -> Result<String> {
        file(syn::parse_file(source).unwrap())
    }

    #[test]
    fn each_row_of_a_macro_call_is_a_line() {
        insta::assert_snapshot!(printed(SOURCE).unwrap(), @r###"
        //! About `record!(A { a: "a", always, value; b: "b", always, value; });`.
        use crate::record::record;
        /// record!(A { a: "a", always, value; b: "b", always, value; });
        const TEXT: &str = "record!(A { a: \"a\", always, value; b: \"b\", always, value; });";
        record!(Answer: Default requires [] {
            account_id: "accountId" or "account", always, value;
            r#as: "a; b, {c}", present, moment;
        });
        #[cfg(any(feature = "things", feature = "tools"))]
        record!(Request requires ["name", "Name"] {
            name: "name", always, exact;
        });
        record!(Empty requires [] {});
        open_enum!(State {
            Active = "ACTIVE",
            OnHold = "ON_HOLD",
        });
        "###);
    }

    #[test]
    fn printing_keeps_the_tokens_and_is_stable() {
        let tokens = |text: &str| syn::parse_file(text).unwrap().to_token_stream().to_string();
        let once = printed(SOURCE).unwrap();
        assert_eq!(tokens(&once), tokens(SOURCE));
        assert_eq!(printed(&once).unwrap(), once);
    }

    #[test]
    fn an_unexpected_macro_call_is_refused() {
        for (source, problem) in [
            ("record!();", "it does not end with its rows"),
            ("record!(A [a; b;]);", "its rows are not in braces"),
            ("record! { A { a; } }", "it is not in parentheses"),
            ("record!(A { a: crate::B; });", "there is no rule for `:`"),
            ("record!(A { a: (b); });", "there is no rule for `(b)`"),
        ] {
            let error = format!("{:#}", printed(source).unwrap_err());
            assert!(error.starts_with("cannot print the macro call `record !") && error.ends_with(problem), "{error}");
        }
    }
}
