//! Enumerations that keep a value they do not know, so that a new value of the server does not break an old client.

/// Writes an enumeration's conversions from and to its values on the wire. Its variant `Other` stands for every value
/// that is not listed.
macro_rules! open_enum {
    ($name:ident { $($variant:ident = $value:literal),+ $(,)? }) => {
        impl $name {
            /// The value as it is on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Other(value) => value,
                }
            }
        }

        impl ::std::default::Default for $name {
            /// No value: what a field holds that the server left out.
            fn default() -> Self {
                Self::Other(::std::string::String::new())
            }
        }

        impl crate::record::Blank for $name {
            fn blank() -> Self {
                Self::default()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($value => Self::$variant,)+
                    _ => Self::Other(::std::borrow::ToOwned::to_owned(value)),
                }
            }
        }

        impl ::std::convert::From<::std::string::String> for $name {
            fn from(value: ::std::string::String) -> Self {
                Self::from(value.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                <::std::string::String as ::serde::Deserialize>::deserialize(deserializer).map(Self::from)
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro makes public types, which is what they are elsewhere")]
mod tests {
    #[derive(Clone, Debug, PartialEq)]
    enum State {
        Active,
        Archived,
        Other(String),
    }

    open_enum!(State { Active = "ACTIVE", Archived = "ARCHIVED" });

    #[test]
    fn known_and_unknown_values_survive_a_round_trip() {
        for (json, state) in [
            (r#""ACTIVE""#, State::Active),
            (r#""ARCHIVED""#, State::Archived),
            (r#""DRAFT""#, State::Other("DRAFT".to_owned())),
        ] {
            assert_eq!(serde_json::from_str::<State>(json).unwrap(), state);
            assert_eq!(serde_json::to_string(&state).unwrap(), json);
        }
    }

    #[test]
    fn a_known_value_is_never_the_other_variant() {
        assert_eq!(State::from("ACTIVE".to_owned()), State::Active);
        assert_eq!(format!("{:>8}", State::Active), "  ACTIVE");
        assert_eq!(State::default().as_str(), "");
    }
}
