//! Numbers that `serde_json` hands out as maps.

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde_json::Number;

/// Visits a float that arrives as a map, as it would have arrived otherwise: `visit_map` of a visitor for
/// `deserialize_any`.
///
/// An application may turn on `serde_json/arbitrary_precision`, and features add up. Then `deserialize_any` hands out a
/// number with a fraction, or one too large for an integer, as a map with one private member, which only `Number` knows
/// how to read. Without the feature a map is a map, and `Number` refuses it.
pub(crate) fn visit_number<'de, V: Visitor<'de>, A: MapAccess<'de>>(visitor: V, map: A) -> Result<V::Value, A::Error> {
    let number = Number::deserialize(MapAccessDeserializer::new(map));
    // Not `as_f64`, which may differ in the last digit from what serde_json reads: ids are made of such digits.
    match number.ok().and_then(|number| serde_json::from_str(&number.to_string()).ok()) {
        Some(number) => visitor.visit_f64(number),
        None => Err(A::Error::invalid_type(Unexpected::Map, &visitor)),
    }
}
