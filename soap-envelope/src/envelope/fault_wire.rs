//! Faults as elements: SOAP 1.1 §4.4, SOAP 1.2 Part 1 §5.4, and the header blocks of §5.4.7 and §5.4.8.

use super::fault::{Fault, FaultCode, Reason};
use super::version::Version;
use crate::codec::{Cursor, Decode, DecodeError};
use crate::limits::{LimitKind, Limits};
use crate::xml::{EncodeError, Fragment, QName, QNameBuf, Writer, XML_NAMESPACE};

const LANG: QName<'static> = QName::from_static(XML_NAMESPACE, "lang");
const QNAME: QName<'static> = QName::from_static("", "qname");

const fn unqualified(local: &'static str) -> QName<'static> {
    QName::from_static("", local)
}

impl Fault {
    /// Writes the element `Fault` of a version.
    pub(super) fn write(&self, version: Version, w: &mut Writer) -> Result<(), EncodeError> {
        w.start(version.fault())?;
        match version {
            Version::Soap11 => self.write_11(w)?,
            Version::Soap12 => self.write_12(w)?,
        }
        w.end()
    }

    fn write_11(&self, w: &mut Writer) -> Result<(), EncodeError> {
        w.start(unqualified("faultcode"))?;
        match &self.0.code {
            FaultCode::Other(name) => w.name_text(name.as_qname())?,
            code => {
                let mut dotted = code.local(Version::Soap11).to_owned();
                if *code == FaultCode::DataEncodingUnknown {
                    dotted.push_str(".DataEncodingUnknown");
                }
                for subcode in &self.0.subcodes {
                    dotted.push('.');
                    dotted.push_str(subcode.local());
                }
                w.name_text(QName::checked(Version::Soap11.namespace(), &dotted))?;
            }
        }
        w.end()?;
        w.start(unqualified("faultstring"))?;
        if let Some(Reason { lang, text }) = self.0.reasons.first() {
            if !lang.is_empty() {
                w.attribute(LANG, lang)?;
            }
            w.text(text)?;
        }
        w.end()?;
        if let Some(role) = &self.0.role {
            w.string(unqualified("faultactor"), role)?;
        }
        self.write_detail(unqualified("detail"), w)
    }

    fn write_12(&self, w: &mut Writer) -> Result<(), EncodeError> {
        let name = |local| Version::Soap12.name(local);
        let value = |w: &mut Writer, code: QName<'_>| {
            w.start(name("Value"))?;
            w.name_text(code)?;
            w.end()
        };
        w.start(name("Code"))?;
        let own = match &self.0.code {
            FaultCode::Other(own) => {
                value(w, name("Receiver"))?;
                Some(own)
            }
            code => {
                value(w, QName::checked(Version::Soap12.namespace(), code.local(Version::Soap12)))?;
                None
            }
        };
        let mut open = 0;
        for subcode in own.into_iter().chain(&self.0.subcodes) {
            w.start(name("Subcode"))?;
            value(w, subcode.as_qname())?;
            open += 1;
        }
        for _ in 0..=open {
            w.end()?;
        }
        w.start(name("Reason"))?;
        for Reason { lang, text } in &self.0.reasons {
            w.start(name("Text"))?;
            w.attribute(LANG, if lang.is_empty() { "en" } else { lang })?;
            w.text(text)?;
            w.end()?;
        }
        w.end()?;
        if let Some(node) = &self.0.node {
            w.string(name("Node"), node)?;
        }
        if let Some(role) = &self.0.role {
            w.string(name("Role"), role)?;
        }
        self.write_detail(name("Detail"), w)
    }

    fn write_detail(&self, name: QName<'_>, w: &mut Writer) -> Result<(), EncodeError> {
        if self.0.detail.is_empty() {
            return Ok(());
        }
        w.start(name)?;
        for element in &self.0.detail {
            w.fragment(element)?;
        }
        w.end()
    }

    /// Writes the header blocks that go with the fault.
    pub(super) fn write_blocks(&self, version: Version, w: &mut Writer) -> Result<(), EncodeError> {
        let names: &[(&[QNameBuf], &str)] = match version {
            Version::Soap11 => &[],
            Version::Soap12 => &[(&self.0.not_understood, "NotUnderstood")],
        };
        for (names, local) in names {
            for name in *names {
                w.start(QName::checked(Version::Soap12.namespace(), local))?;
                let spelt = w.spell(name.as_qname())?;
                w.attribute(QNAME, &spelt)?;
                w.end()?;
            }
        }
        if self.0.upgrade.is_empty() {
            return Ok(());
        }
        // In both versions the same element (SOAP 1.2 Part 1 §5.4.7, Appendix A).
        w.start(Version::Soap12.name("Upgrade"))?;
        for name in &self.0.upgrade {
            w.start(Version::Soap12.name("SupportedEnvelope"))?;
            let spelt = w.spell(name.as_qname())?;
            w.attribute(QNAME, &spelt)?;
            w.end()?;
        }
        w.end()
    }

    pub(super) fn has_blocks(&self, version: Version) -> bool {
        !self.0.upgrade.is_empty() || (version == Version::Soap12 && !self.0.not_understood.is_empty())
    }

    /// Reads the element `Fault` of a version.
    pub(super) fn read(c: &mut Cursor<'_>, version: Version, limits: &Limits) -> Result<Fault, DecodeError> {
        c.element(version.fault(), |c| match version {
            Version::Soap11 => Fault::read_11(c, limits),
            Version::Soap12 => Fault::read_12(c, limits),
        })
    }

    /// The parts may come in any order: SOAP 1.1 does not say which, and its toolkits differ.
    fn read_11(c: &mut Cursor<'_>, limits: &Limits) -> Result<Fault, DecodeError> {
        let mut fault = Fault::new(FaultCode::Receiver, "");
        fault.0.reasons.clear();
        let mut code = None;
        while let Some(name) = c.peek()? {
            match (name.namespace(), name.local()) {
                ("", "faultcode") if code.is_none() => {
                    code = Some(c.element(unqualified("faultcode"), read_name)?);
                }
                ("", "faultstring") if fault.0.reasons.is_empty() => {
                    let reason = c.element(unqualified("faultstring"), |c| {
                        let lang = c.optional_attribute(LANG)?.unwrap_or_default();
                        Ok(Reason { lang, text: c.content()? })
                    })?;
                    fault.0.reasons.push(reason);
                }
                ("", "faultactor") if fault.0.role.is_none() => {
                    fault.0.role = Some(c.value(unqualified("faultactor"))?);
                }
                ("", "detail") if fault.0.detail.is_empty() => {
                    fault.0.detail = c.element(unqualified("detail"), |c| read_detail(c, limits))?;
                }
                // §4.4 allows other elements that are qualified.
                (namespace, _) if !namespace.is_empty() => drop(c.any()?),
                _ => {
                    return Err(
                        c.invalid("the parts of a fault are faultcode, faultstring, faultactor and detail")
                    );
                }
            }
        }
        let (namespace, dotted) = code.ok_or_else(|| c.invalid("a fault needs a faultcode"))?;
        let mut parts = dotted.split('.');
        let known = parts.next().and_then(|first| FaultCode::of_local(Version::Soap11, first));
        // Many write the codes without their prefix.
        match known.filter(|_| namespace.is_empty() || namespace == Version::Soap11.namespace()) {
            Some(code) => {
                fault.0.code = code;
                let subcodes = parts.map(|part| QName::parse("", part).map(|name| name.to_owned()));
                fault.0.subcodes =
                    subcodes.collect::<Result<_, _>>().map_err(|error| c.invalid(error.to_string()))?;
            }
            None => {
                let name = QName::parse(&namespace, &dotted).map_err(|error| c.invalid(error.to_string()))?;
                fault.0.code = FaultCode::Other(name.to_owned());
            }
        }
        Ok(fault)
    }

    fn read_12(c: &mut Cursor<'_>, limits: &Limits) -> Result<Fault, DecodeError> {
        let name = |local| Version::Soap12.name(local);
        let mut fault = Fault::new(FaultCode::Receiver, "");
        fault.0.reasons.clear();
        c.enter(name("Code"))?;
        let (namespace, local) = c.element(name("Value"), read_name)?;
        fault.0.code = FaultCode::of_local(Version::Soap12, &local)
            .filter(|_| namespace == Version::Soap12.namespace())
            .ok_or_else(|| c.invalid(format!("`{local}` is not a fault code of SOAP 1.2")))?;
        // Not by recursion: how deep they are nested is the sender's choice.
        let mut open = 0_usize;
        while c.peek()?.is_some() {
            c.enter(name("Subcode"))?;
            open += 1;
            let (namespace, local) = c.element(name("Value"), read_name)?;
            fault.0.subcodes.push(QName::checked(&namespace, &local).to_owned());
        }
        for _ in 0..=open {
            c.end()?;
        }
        fault.0.reasons = c.element(name("Reason"), |c| {
            let mut reasons = Vec::new();
            while c.peek()?.is_some() {
                reasons.push(c.element(name("Text"), |c| {
                    let lang = c.attribute(LANG)?;
                    Ok(Reason { lang, text: c.content()? })
                })?);
            }
            Ok(reasons)
        })?;
        if fault.0.reasons.is_empty() {
            return Err(c.invalid("a fault needs a reason"));
        }
        fault.0.node = c.optional_value(name("Node"))?;
        fault.0.role = c.optional_value(name("Role"))?;
        let detail = c.optional_element(name("Detail"), |c| read_detail(c, limits))?;
        fault.0.detail = detail.unwrap_or_default();
        Ok(fault)
    }
}

/// The elements of a detail. Text between them, which some servers write there, is passed over.
fn read_detail(c: &mut Cursor<'_>, limits: &Limits) -> Result<Vec<Fragment>, DecodeError> {
    let mut elements = Vec::new();
    let mut bytes = 0_usize;
    while c.skip_text()? {
        let element = c.any()?;
        bytes = bytes.saturating_add(element.as_str().len());
        if bytes > limits.max_fault_detail {
            return Err(c.crosses(LimitKind::FaultDetail, limits.max_fault_detail));
        }
        elements.push(element);
    }
    Ok(elements)
}

/// Content that is a qualified name: its namespace and its local name.
fn read_name(c: &mut Cursor<'_>) -> Result<(String, String), DecodeError> {
    let text: String = c.content()?;
    resolve(c, text.trim())
}

fn resolve(c: &Cursor<'_>, text: &str) -> Result<(String, String), DecodeError> {
    let (prefix, local) = text.split_once(':').unwrap_or(("", text));
    let is_name = crate::xml::is_ncname(local) && (prefix.is_empty() || crate::xml::is_ncname(prefix));
    match c.namespace(prefix) {
        Some(namespace) if is_name => Ok((namespace.to_owned(), local.to_owned())),
        Some(_) => Err(c.invalid("not a qualified name")),
        None => Err(c.invalid("a name whose prefix is not declared")),
    }
}

fn read_qname_attribute(c: &Cursor<'_>) -> Result<QNameBuf, DecodeError> {
    let text: String = c.attribute(QNAME)?;
    let (namespace, local) = resolve(c, text.trim())?;
    Ok(QName::checked(&namespace, &local).to_owned())
}

/// The header block that names one that was not understood.
pub(super) struct NotUnderstood(pub(super) QNameBuf);

impl Decode for NotUnderstood {
    const NAME: QName<'static> = Version::Soap12.name("NotUnderstood");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        read_qname_attribute(c).map(NotUnderstood)
    }
}

/// The header block that names the envelopes that a node supports.
pub(super) struct Upgrade(pub(super) Vec<QNameBuf>);

impl Decode for Upgrade {
    const NAME: QName<'static> = Version::Soap12.name("Upgrade");

    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let mut names = Vec::new();
        while c.peek()?.is_some() {
            names.push(c.element(Version::Soap12.name("SupportedEnvelope"), |c| read_qname_attribute(c))?);
        }
        Ok(Upgrade(names))
    }
}
