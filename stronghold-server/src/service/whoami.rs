//! `self.read`: who the server takes the caller for.

use super::gate::{Answer, Decision, Refused};
use crate::store::Store;
use stronghold_protocol::{
    api::{WhoAmI, WhoAmIStatus},
    id::PrincipalId,
    problem::Problem,
};

impl<S: Store> Decision<'_, S> {
    /// Tells the caller its name and status.
    pub(super) fn who_am_i(&self) -> Result<Answer, Refused> {
        let directory = self.directory();
        let (name, status) = match self.caller.principal {
            PrincipalId::Agent(id) => {
                let agent = directory.agent(&id).ok_or_else(Problem::not_found)?;
                let expires_at = agent.conditions.expires_at;
                (agent.name.to_string(), WhoAmIStatus::Agent { status: agent.status, expires_at })
            }
            PrincipalId::User(id) => {
                let user = directory.user(&id).ok_or_else(Problem::not_found)?;
                (user.email.to_string(), WhoAmIStatus::User { email: user.email.clone(), role: user.role })
            }
        };
        let (principal, server_time) = (self.caller.principal, self.now);
        let org_name = directory.policy().name.clone();
        Ok(Answer::new(None, move |receipt| WhoAmI { principal, name, org_name, status, server_time, receipt }))
    }
}
