//! What each of the formats declares in the same words.

/// The type that stands for a format, and the readers of it.
macro_rules! format {
    ($(#[$doc:meta])* $format:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $format(());

        /// Reads the events of one message.
        pub type Reader = crate::ai::Reader<$format>;

        /// Reads the bytes of one response.
        pub type ByteReader = crate::ai::ByteReader<$format>;

        /// Reads the body of a response as a `Stream` of events.
        #[cfg(feature = "tokio")]
        #[must_use]
        pub fn stream<B>(body: B) -> crate::ai::Stream<$format, B>
        where
            B: http_body::Body<Data = bytes::Bytes> + Unpin,
        {
            crate::ai::Stream::new(body)
        }
    };
}

/// The tokens that a message took: counts under the names of the format, each absent where the service did not say it.
macro_rules! usage {
    ($($(#[$doc:meta])* $count:ident;)*) => {
        /// The tokens used.
        #[non_exhaustive]
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct Usage {
            $(
                $(#[$doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $count: Option<u64>,
            )*
            /// All other fields, such as the details of the counts.
            #[serde(flatten)]
            pub extra: serde_json::Map<alloc::string::String, serde_json::Value>,
        }
    };
}

/// [`usage`] as OpenAI gives it: both counts and their sum, and under `$details` how many tokens of the request a cache knew.
macro_rules! openai_usage {
    ($input:ident, $output:ident, $details:literal) => {
        crate::ai::format::usage! {
            /// Tokens of the request.
            $input;
            /// Tokens of the answer.
            $output;
            /// Their sum.
            total_tokens;
        }

        impl Usage {
            /// Usage with these counts and their sum.
            #[must_use]
            pub fn new($input: u64, $output: u64) -> Self {
                let total_tokens = Some($input.saturating_add($output));
                Self { $input: Some($input), $output: Some($output), total_tokens, ..Self::default() }
            }

            /// In names common to the formats.
            #[must_use]
            pub fn tokens(&self) -> crate::ai::TokenUsage {
                let cached =
                    self.extra.get($details).and_then(|details| details.get("cached_tokens")?.as_u64());
                crate::ai::TokenUsage { input: self.$input, output: self.$output, cached }
            }
        }
    };
}

pub(super) use {format, openai_usage, usage};
