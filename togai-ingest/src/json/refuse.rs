//! What a serializer refuses, so that each says only that, and in which words.

/// The methods of a serializer for kinds of values that it refuses with the error of a function.
macro_rules! refuse {
    ($error:path: $($kind:ident)*) => {
        $($crate::json::refuse::refuse! { @$kind $error })*
    };
    (@numbers $error:path) => {
        $crate::json::refuse::refuse! { @@ $error:
            serialize_bool(bool) -> ();
            serialize_i8(i8) -> ();
            serialize_i16(i16) -> ();
            serialize_i32(i32) -> ();
            serialize_i64(i64) -> ();
            serialize_i128(i128) -> ();
            serialize_u8(u8) -> ();
            serialize_u16(u16) -> ();
            serialize_u32(u32) -> ();
            serialize_u64(u64) -> ();
            serialize_u128(u128) -> ();
            serialize_f32(f32) -> ();
            serialize_f64(f64) -> ();
        }
    };
    (@texts $error:path) => {
        $crate::json::refuse::refuse! { @@ $error:
            serialize_char(char) -> ();
            serialize_str(&str) -> ();
            serialize_unit_variant(&'static str, u32, &'static str) -> ();
        }
    };
    (@nulls $error:path) => {
        $crate::json::refuse::refuse! { @@ $error:
            serialize_none() -> ();
            serialize_unit() -> ();
            serialize_unit_struct(&'static str) -> ();
        }
    };
    (@wrappers $error:path) => {
        fn serialize_some<T: ?Sized + serde::Serialize>(self, _: &T) -> Result<(), Self::Error> {
            Err($error())
        }

        fn serialize_newtype_struct<T: ?Sized + serde::Serialize>(
            self,
            _: &'static str,
            _: &T,
        ) -> Result<(), Self::Error> {
            Err($error())
        }
    };
    (@lists $error:path) => {
        type SerializeSeq = serde::ser::Impossible<(), Self::Error>;
        type SerializeTuple = serde::ser::Impossible<(), Self::Error>;
        type SerializeTupleStruct = serde::ser::Impossible<(), Self::Error>;

        $crate::json::refuse::refuse! { @@ $error:
            serialize_bytes(&[u8]) -> ();
            serialize_seq(Option<usize>) -> Self::SerializeSeq;
            serialize_tuple(usize) -> Self::SerializeTuple;
            serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        }
    };
    (@objects $error:path) => {
        type SerializeMap = serde::ser::Impossible<(), Self::Error>;
        type SerializeStruct = serde::ser::Impossible<(), Self::Error>;
        type SerializeTupleVariant = serde::ser::Impossible<(), Self::Error>;
        type SerializeStructVariant = serde::ser::Impossible<(), Self::Error>;

        $crate::json::refuse::refuse! { @@ $error:
            serialize_map(Option<usize>) -> Self::SerializeMap;
            serialize_struct(&'static str, usize) -> Self::SerializeStruct;
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
        }

        fn serialize_newtype_variant<T: ?Sized + serde::Serialize>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<(), Self::Error> {
            Err($error())
        }
    };
    (@@ $error:path: $($method:ident($($argument:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self $(, _: $argument)*) -> Result<$ok, Self::Error> {
            Err($error())
        })*
    };
}
pub(super) use refuse;
