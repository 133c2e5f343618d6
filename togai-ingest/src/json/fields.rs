//! Where the fields of interest stand in an event.

use std::ops::Range;

/// How many fields can be looked out for.
const MOST_FIELDS: usize = 8;

/// The names of the fields that are looked out for, as constants: where a field stands in the list is found out when the code
/// is compiled.
pub(crate) trait FieldNames {
    /// The first one is the id.
    const NAMES: &'static [&'static str];

    /// Refuses lists that cannot be used, when the code is compiled.
    const ARE_USABLE: () = {
        assert!(!Self::NAMES.is_empty() && Self::NAMES.len() <= MOST_FIELDS, "there are 1 to 8 fields, the id first");
        let mut place = 0;
        while place < Self::NAMES.len() {
            assert!(
                is_plain(Self::NAMES[place].as_bytes()),
                "nothing in the name of a field has to be escaped in JSON"
            );
            place += 1;
        }
    };

    /// The place of a name in the list.
    #[inline(always)]
    fn place(name: &[u8]) -> Option<usize> {
        let mut place = 0;
        // A loop that the compiler unrolls, where an iterator's method is a call to it.
        while place < Self::NAMES.len() {
            if Self::NAMES[place].as_bytes() == name {
                return Some(place);
            }
            place += 1;
        }
        None
    }
}

/// Whether a name is the same in JSON, so that names are compared as they are written.
const fn is_plain(name: &[u8]) -> bool {
    let mut place = 0;
    while place < name.len() {
        if matches!(name[place], ..0x20 | b'"' | b'\\') {
            return false;
        }
        place += 1;
    }
    true
}

/// Where the fields that a [`Backend`](crate::Backend) names are in an encoded event, by their place in that list.
///
/// ```
/// use togai_ingest::Fields;
///
/// /// A check of an event whose second field is a meter.
/// fn check(event: &[u8], fields: &Fields) -> Result<(), String> {
///     match fields.get(1, event) {
///         Some(meter) if meter.starts_with(b"\"") => Ok(()),
///         Some(_) => Err("`meter` is no text: write it in quotes".to_owned()),
///         None => Err("`meter` is not set, and every event has one".to_owned()),
///     }
/// }
/// assert!(check(b"{}", &Fields::default()).is_err());
/// ```
#[derive(Debug, Default)]
pub struct Fields([Range<usize>; MOST_FIELDS]);

impl Fields {
    /// The value of a field as JSON, given by the place of its name; nothing where the event does not have it.
    #[inline]
    pub fn get<'a>(&self, name: usize, event: &'a [u8]) -> Option<&'a [u8]> {
        event.get(self.0.get(name)?.clone()).filter(|value| !value.is_empty())
    }

    /// Whether the event has a field, given by the place of its name.
    #[inline]
    pub fn is_set(&self, name: usize) -> bool {
        self.0.get(name).is_some_and(|field| !field.is_empty())
    }

    /// Where the id stands. It is the first field that was looked out for.
    #[inline]
    pub(crate) fn id(&self) -> Option<Range<usize>> {
        self.is_set(0).then(|| self.0[0].clone())
    }

    #[inline(always)]
    pub(super) fn note(&mut self, name: usize, place: Range<usize>) {
        self.0[name] = place;
    }
}
