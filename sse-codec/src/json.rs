//! JSON in the data of events, by serde.

use alloc::{borrow::Cow, string::String};
use core::{error, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};

use crate::{Event, EventId, EventName, EventRef, Frame};

/// The data of an event is not the JSON that was asked for, or a value cannot be written as JSON.
#[derive(Debug)]
pub struct JsonError {
    data: Option<String>,
    source: serde_json::Error,
}

impl JsonError {
    /// The data as it was received, so that a message in an unexpected shape (an error object, `[DONE]`) can still be read.
    /// `None` if it was to be written.
    #[must_use]
    pub fn data(&self) -> Option<&str> {
        self.data.as_deref()
    }
}

impl JsonError {
    /// Where in the data reading stopped, in bytes; `None` if it was to be written.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        let data = self.data.as_deref()?;
        let before = data
            .split_inclusive('\n')
            .take(self.source.line().saturating_sub(1))
            .map(str::len)
            .sum::<usize>();
        Some((before + self.source.column()).min(data.len()))
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.data {
            Some(data) => {
                write!(
                    f,
                    "{} bytes of event data do not fit the type: {}; look at the data itself, it is kept",
                    data.len(),
                    self.source
                )
            }
            None => write!(f, "the value cannot be written as json: {}; give maps text keys", self.source),
        }
    }
}

impl error::Error for JsonError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.source)
    }
}

impl<'a> EventRef<'a> {
    /// Reads the data as JSON; the value may borrow from it.
    ///
    /// # Errors
    /// [`JsonError`], with the data in it.
    ///
    /// ```
    /// use sse_codec::{Item, Parser};
    ///
    /// let mut parser = Parser::new();
    /// let mut chunk = &b"data: [1,2]\n\ndata: [DONE]\n\n"[..];
    /// let Some(Item::Event(event)) = parser.next(&mut chunk) else { panic!("an event") };
    /// assert_eq!(event.json::<Vec<u8>>()?, [1, 2]);
    /// let Some(Item::Event(event)) = parser.next(&mut chunk) else { panic!("an event") };
    /// assert_eq!(event.json::<Vec<u8>>().unwrap_err().data(), Some("[DONE]"));
    /// # Ok::<(), sse_codec::JsonError>(())
    /// ```
    pub fn json<T: Deserialize<'a>>(&self) -> Result<T, JsonError> {
        serde_json::from_str(self.data())
            .map_err(|source| JsonError { data: Some(self.data().into()), source })
    }
}

impl Event {
    /// Reads the data as JSON; the value may borrow from it.
    ///
    /// # Errors
    /// [`JsonError`], with the data in it.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        self.borrowed().json()
    }
}

impl Frame<'static> {
    /// An event with this value as JSON, on one `data` line.
    ///
    /// # Errors
    /// [`JsonError`] if the value refuses, or has a map with keys that are not strings.
    ///
    /// ```
    /// use sse_codec::Frame;
    ///
    /// let frame = Frame::json(&["a\nb"])?;
    /// assert_eq!(&frame.encode()[..], b"data: [\"a\\nb\"]\n\n");
    /// # Ok::<(), sse_codec::JsonError>(())
    /// ```
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::to_string(value).map(Self::data).map_err(|source| JsonError { data: None, source })
    }
}

impl Serialize for EventRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 3)?;
        event.serialize_field("event", self.event())?;
        event.serialize_field("data", self.data())?;
        event.serialize_field("id", self.id())?;
        event.end()
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.borrowed().serialize(serializer)
    }
}

/// Takes `data`, and `event` and `id` where given; refuses names that no stream can carry.
impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "Event")]
        struct Fields<'a> {
            #[serde(default)]
            event: EventName,
            #[serde(borrow)]
            data: Cow<'a, str>,
            #[serde(default)]
            id: EventId,
        }
        let Fields { event, data, id } = Fields::deserialize(deserializer)?;
        Ok(Self::new(event, data, id))
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(de::Error::custom)
            }
        }
    };
}
as_text!(EventId);
as_text!(EventName);
