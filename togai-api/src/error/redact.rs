//! Blotting secrets out of what a server has said.

/// The text without the secret, which a server may repeat as it is, or escaped for JSON, HTML or an address.
pub(crate) fn redact(text: &str, secret: &str) -> String {
    let text = text.replace(secret, "***");
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        if let Some(after) = after_secret(rest, secret) {
            shown.push_str("***");
            rest = after;
        } else {
            shown.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    shown
}

/// What follows the secret, where the text begins with it.
fn after_secret<'a>(mut text: &'a str, secret: &str) -> Option<&'a str> {
    let mut characters = secret.chars();
    while let Some(expected) = characters.next() {
        let as_it_is = text.strip_prefix(expected);
        let escaped = unescape(text).filter(|(character, _)| *character == expected).map(|(_, after)| after);
        text = match (as_it_is, escaped) {
            // A percent sign may be one, or begin the escape of one.
            (Some(as_it_is), Some(escaped)) => {
                let secret = characters.as_str();
                return after_secret(escaped, secret).or_else(|| after_secret(as_it_is, secret));
            }
            (as_it_is, escaped) => as_it_is.or(escaped)?,
        };
    }
    Some(text)
}

/// The character that an escape at the beginning of the text is for, and what follows it.
fn unescape(text: &str) -> Option<(char, &str)> {
    if let Some(hexadecimal) = text.strip_prefix('%') {
        return numbered(hexadecimal, 2);
    }
    if let Some(entity) = text.strip_prefix('&') {
        let (name, after) = entity.split_at_checked(entity.find(';')?)?;
        return Some((named(name)?, &after[1..]));
    }
    // JSON within JSON has several.
    let escaped = text.strip_prefix('\\')?.trim_start_matches('\\');
    match escaped.strip_prefix('u').and_then(|hexadecimal| numbered(hexadecimal, 4)) {
        Some(found) => Some(found),
        None => escaped.chars().next().map(|character| (character, &escaped[character.len_utf8()..])),
    }
}

fn numbered(text: &str, digits: usize) -> Option<(char, &str)> {
    let (number, after) = text.split_at_checked(digits)?;
    Some((char::from_u32(u32::from_str_radix(number, 16).ok()?)?, after))
}

/// The character of an entity of HTML.
fn named(name: &str) -> Option<char> {
    match name.to_ascii_lowercase().as_str() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_blotted_out_however_it_is_written() {
        let secret = "a/b+c=&'d\"%25\\é";
        for text in [
            secret,
            r#"a\/b+c=&'d\"%25\\é"#,
            r"a\u002fb\u002Bc\u003d\u0026\u0027d\u0022%25\u005c\u00e9",
            r#"a\\/b+c=&'d\\\"%25\\\\é"#,
            "a%2Fb%2bc%3D%26%27d%22%2525%5Cé",
            "a&#x2F;b&#43;c=&amp;&apos;d&quot;%25\\&#233;",
        ] {
            assert_eq!(redact(&format!("no {text}, but {text}{text}!"), secret), "no ***, but ******!", "{text}");
        }
    }

    #[test]
    fn other_texts_stay() {
        for text in ["", "a/b", "100% & more; \\ \\u00", "&#xffffffff; &nothing; % %zz &", "é\\"] {
            assert_eq!(redact(text, "s3cr3t"), text);
        }
    }
}
