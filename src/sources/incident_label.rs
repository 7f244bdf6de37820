//! What the labels of a work item say in a tracker that has no incidents of its own: that it is one, and how severe.
//!
//! Only the forms that people write for this are read; a label that merely holds the word (`no-incident`) says nothing.

/// Whether one says so: `incident`, `incident: database`, `type: incident`, GitLab's scoped `type::incident`, `sev1` to `sev4`.
pub fn say_incident(labels: &[String]) -> bool {
    labels.iter().map(|label| label.trim().to_lowercase()).any(|label| {
        label.starts_with("incident")
            || matches!(label.as_str(), "type: incident" | "type:incident" | "type::incident" | "type/incident")
            || is_severity(&label)
    })
}

/// The severity that they say: `sev1` to `sev4`.
pub fn severity(labels: &[String]) -> Option<String> {
    labels.iter().map(|label| label.trim().to_lowercase()).find(|label| is_severity(label))
}

fn is_severity(label: &str) -> bool {
    matches!(label, "sev1" | "sev2" | "sev3" | "sev4")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_incident_only_where_people_mean_it() {
        let check = |label: &str, expect: bool| assert_eq!(say_incident(&["x".into(), label.into()]), expect, "{label}");
        check("incident", true);
        check("Incident: database", true);
        check("incident::database", true);
        check("type: incident", true);
        check("type:incident", true);
        check("type/incident", true);
        check("type::incident", true);
        check("SEV2", true);
        check("sev5", false);
        check("no-incident", false);
        check("typeincident", false);
        check("type: incidental", false);
        check("bug", false);
        assert_eq!(severity(&["incident".into(), " SEV2 ".into()]).as_deref(), Some("sev2"));
        assert_eq!(severity(&["incident".into(), "severity 1".into()]), None);
    }
}
