//! The kinds of notices in groups, as people choose how to be told of them.

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// By an e-mail of its own, at once.
    AtOnce,
    /// In one e-mail a day.
    Digest,
    /// Not by e-mail: it can be read in the portal.
    Off,
}

impl Choice {
    /// Every way.
    pub const ALL: &'static [Self] = &[Self::AtOnce, Self::Digest, Self::Off];

    /// The word in the database, in events and in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AtOnce => "at_once",
            Self::Digest => "digest",
            Self::Off => "off",
        }
    }

    /// Reads [`Choice::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|choice| choice.word() == word)
    }
}

/// Kinds of notices that belong together for those who read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Decisions that wait for the reader.
    Decisions,
    /// What became of the reader's requests.
    Requests,
    /// The reader's access as it comes and goes by itself.
    Access,
    /// Questions and answers about requests.
    Messages,
    /// What the reader owns or looks after.
    Duties,
    /// What somebody did to the reader's access or in their name, and whatever is in no other group.
    Safety,
    /// A role was taken in an emergency: those who would have decided, and those who review it, know at once.
    Emergencies,
}

impl Group {
    /// Every group, in the order in which they are shown.
    pub const ALL: &'static [Self] =
        &[Self::Decisions, Self::Requests, Self::Access, Self::Messages, Self::Duties, Self::Safety, Self::Emergencies];

    /// The word in the database and in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Decisions => "decisions",
            Self::Requests => "requests",
            Self::Access => "access",
            Self::Messages => "messages",
            Self::Duties => "duties",
            Self::Safety => "safety",
            Self::Emergencies => "emergencies",
        }
    }

    /// Reads [`Group::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|group| group.word() == word)
    }

    /// What it is called.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Decisions => "Decisions that wait for you",
            Self::Requests => "Your requests",
            Self::Access => "Your access",
            Self::Messages => "Questions and answers",
            Self::Duties => "What you own and look after",
            Self::Safety => "Changes that others make to your access",
            Self::Emergencies => "Emergencies",
        }
    }

    /// What belongs to it, in a line.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Decisions => {
                "Somebody asks, still waits, nudges you, hands you a decision or moves one on to you; wishes in words."
            }
            Self::Requests => {
                "What you asked for, or what was asked for you, was approved, denied or closed; answers to your wishes."
            }
            Self::Access => {
                "Systems confirmed your access, or that it is gone; access that ends soon; what a shift or a ticket opened and ended."
            }
            Self::Messages => "Somebody wrote about a request of yours, or about one that you decide.",
            Self::Duties => {
                "Roles and systems that become yours; somebody activates a role of yours, or a shift or a ticket opens it; conditions of policies that fail; sources that can\u{2019}t be reached; access on your systems that nobody granted."
            }
            Self::Safety => {
                "Somebody ended your access or named you to decide for them; access that is held back or needs a sign-in."
            }
            Self::Emergencies => "Somebody took a role in an emergency, and what its review found.",
        }
    }

    /// What applies where somebody has chosen nothing.
    #[must_use]
    pub const fn standard(self) -> Choice {
        Choice::AtOnce
    }

    /// Whether somebody may choose this.
    #[must_use]
    pub fn allows(self, choice: Choice) -> bool {
        match self {
            Self::Safety => choice != Choice::Off,
            Self::Emergencies => choice == Choice::AtOnce,
            _ => true,
        }
    }

    /// Why it can't be turned off, where it can't.
    #[must_use]
    pub const fn always(self) -> Option<&'static str> {
        match self {
            Self::Safety => Some(
                "This can\u{2019}t be turned off: it is how you find out when somebody else changes your access or acts in your place.",
            ),
            Self::Emergencies => Some(
                "This comes at once: whoever would have decided looks at it while it happens, not the morning after.",
            ),
            _ => None,
        }
    }

    /// The group of a kind of notice. A kind that nobody put anywhere is never lost: it is told like what can't be turned
    /// off.
    #[must_use]
    pub fn of(kind: &str) -> Self {
        match kind {
            "asked_to_decide" | "still_waiting" | "nudged" | "seat_taken" | "moved_on" | "wish_asked"
            | "wish_proposed" | "wish_overdue" => Self::Decisions,
            "decided" | "wish_answered" | "wish_coming" | "wish_declined" | "wish_refused" => Self::Requests,
            "confirmed" | "ended" | "ending_soon" | "trial_asks" | "call_in_opened" | "call_in_ended" => Self::Access,
            "message" => Self::Messages,
            "now_yours" | "condition_failed" | "activated" | "call_in_for" | "call_source_silent"
            | "call_source_back" | "drift_found" => Self::Duties,
            "break_glass_taken" | "break_glass_yours" | "break_glass_reviewed" | "break_glass_overdue" => {
                Self::Emergencies
            }
            _ => Self::Safety,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_differ() {
        for group in Group::ALL {
            assert_eq!(Group::from_word(group.word()), Some(*group));
            assert!(group.allows(group.standard()), "{group:?}");
            assert_eq!(group.allows(Choice::Off), group.always().is_none(), "{group:?}");
            assert!(group.allows(Choice::AtOnce), "{group:?}");
            assert_eq!(group.allows(Choice::Digest), *group != Group::Emergencies, "{group:?}");
        }
        assert_eq!(Group::from_word("everything"), None);
    }

    /// Every kind that something here queues is in a group on purpose: the others are named in this test.
    #[test]
    fn every_kind_has_a_group_on_purpose() {
        let sources = [
            include_str!("../notices.rs"),
            include_str!("call_ins.rs"),
            include_str!("conversation.rs"),
            include_str!("drift.rs"),
            include_str!("emergencies.rs"),
            include_str!("wishes.rs"),
        ];
        let kinds: Vec<&str> = sources
            .iter()
            .flat_map(|text| text.split("queue(tx, ").skip(1))
            .filter_map(|call| call.split('"').nth(1))
            .collect();
        assert!(kinds.len() > 25, "the calls are written otherwise by now: {kinds:?}");
        let safety: Vec<&str> = kinds.into_iter().filter(|kind| Group::of(kind) == Group::Safety).collect();
        assert_eq!(safety, ["stands_in", "sign_in_needed", "held_back", "ended_early"]);
    }
}
