//! Whoever can hold access.

use crate::text_enum::text_enum;

text_enum! {
    /// A person or a non-human identity.
    IdentityKind ("kind of identity") {
        /// Known to HR or the identity provider.
        Person = "person",
        /// Has an owner, a purpose and an end.
        Service = "service",
    }
}

text_enum! {
    /// Where an identity is in its life.
    Status ("status") {
        /// Known, not yet started.
        PreHire = "pre_hire",
        /// At work.
        Active = "active",
        /// Away for long; keeps grants, decides nothing.
        OnLeave = "on_leave",
        /// Gone: holds nothing, decides nothing, signs in nowhere (promise 7).
        Terminated = "terminated",
    }
}

impl Status {
    /// May this identity sign in, ask and decide?
    #[must_use]
    pub const fn may_act(self) -> bool {
        matches!(self, Self::Active)
    }

    /// May this identity hold a grant at all?
    #[must_use]
    pub const fn may_hold(self) -> bool {
        matches!(self, Self::Active | Self::OnLeave)
    }
}

text_enum! {
    /// How a person is employed.
    EmploymentType ("employment type") {
        /// On the company's own contract.
        Employee = "employee",
        /// Works here under somebody else's contract.
        Contractor = "contractor",
    }
}
