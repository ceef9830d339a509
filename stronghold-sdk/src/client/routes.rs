//! The routes of the server, one method each.

use super::Client;
use crate::{
    authenticator::AgentAuthenticator,
    error::Error,
    reader::{Answered, ProfileReader},
};
use async_trait::async_trait;
use stronghold_protocol::{
    api::{
        self, Acceptances, AccountReplaced, AccountStart, AccountStarted, ActivityEntry, AuditCheckpoint, AuditPage,
        CommitStatement, Committed, CreateOrganization, CreatedOrganization, DirectoryPage, IntroducedSecrets, Join,
        JoinStart, JoinStarted, Joined, KeyRequests, KeysRequested, LoginFinish, LoginFinished, LoginStart,
        LoginStarted, NewRevision, ProfileList, RecoverySeed, ReplaceAccount, RequestKeys, RevisionPage, RotateKeys,
        SealedPart, SealedProfile, SealsQuery, SealsReply, SecretVersions, SetupStart, SetupStarted, StageSecrets,
        StagedSecrets, VersionRef, WhoAmI, Written,
    },
    evidence::{Anchor, ProfileSelector},
    id::ProfileId,
    number::{Revision, Seq},
    request::encode_query,
    secret::BlindIndex,
    transport::Transport,
};

#[async_trait]
impl<T: Transport> ProfileReader for Client<T> {
    async fn who_am_i(&self, who: &dyn AgentAuthenticator) -> Result<Answered<WhoAmI>, Error> {
        self.get(who, &api::org_path(&who.org(), "whoami"), "").await
    }

    async fn list_profiles(
        &self,
        who: &dyn AgentAuthenticator,
        anchor: &Anchor,
    ) -> Result<Answered<ProfileList>, Error> {
        self.get(who, &api::org_path(&who.org(), "profiles"), &anchor_query(anchor, &[])?).await
    }

    async fn read_profile(
        &self,
        who: &dyn AgentAuthenticator,
        profile: &ProfileSelector,
        anchor: &Anchor,
    ) -> Result<Answered<SealedProfile>, Error> {
        self.get(who, &api::profile_path(&who.org(), profile, "read"), &anchor_query(anchor, &[])?).await
    }

    async fn read_secrets(
        &self,
        who: &dyn AgentAuthenticator,
        profile: &ProfileSelector,
        anchor: &Anchor,
        indexes: &[BlindIndex],
    ) -> Result<Answered<SealedPart>, Error> {
        self.get(who, &api::profile_path(&who.org(), profile, "secrets"), &anchor_query(anchor, indexes)?).await
    }

    async fn audit_checkpoint(
        &self,
        who: &dyn AgentAuthenticator,
        old: Option<u64>,
        positions: &[u64],
    ) -> Result<Answered<AuditCheckpoint>, Error> {
        let numbers = old.map(|old| ("old", old)).into_iter().chain(positions.iter().map(|at| ("position", *at)));
        let pairs: Vec<(&str, String)> = numbers.map(|(name, number)| (name, number.to_string())).collect();
        self.get(who, &api::org_path(&who.org(), "audit/checkpoint"), &query_of(&pairs)?).await
    }
}

impl<T: Transport> Client<T> {
    pub(crate) async fn directory(&self, who: &dyn AgentAuthenticator, from: Seq) -> Result<DirectoryPage, Error> {
        let query = query_of(&[("from", from.to_string())])?;
        Ok(self.get(who, &api::org_path(&who.org(), "directory"), &query).await?.reply)
    }

    pub(crate) async fn activity(&self, who: &dyn AgentAuthenticator) -> Result<Vec<ActivityEntry>, Error> {
        Ok(self.get(who, &api::org_path(&who.org(), "activity"), "").await?.reply)
    }

    pub(crate) async fn audit_records(&self, who: &dyn AgentAuthenticator, from: u64) -> Result<AuditPage, Error> {
        let query = query_of(&[("from", from.to_string())])?;
        Ok(self.get(who, &api::org_path(&who.org(), "audit/records"), &query).await?.reply)
    }

    pub(crate) async fn seals(&self, who: &dyn AgentAuthenticator, query: &SealsQuery) -> Result<SealsReply, Error> {
        Ok(self.post(who, &api::org_path(&who.org(), "seals"), query, true).await?.reply)
    }

    pub(crate) async fn commit_statement(
        &self,
        who: &dyn AgentAuthenticator,
        body: &CommitStatement,
    ) -> Result<Answered<Committed>, Error> {
        self.post(who, &api::org_path(&who.org(), "statements"), body, false).await
    }

    pub(crate) async fn write_revision(
        &self,
        who: &dyn AgentAuthenticator,
        profile: ProfileId,
        body: &NewRevision,
    ) -> Result<Answered<Written>, Error> {
        let path = api::profile_path(&who.org(), &ProfileSelector::Id(profile), "revisions");
        self.post(who, &path, body, false).await
    }

    pub(crate) async fn revisions(
        &self,
        who: &dyn AgentAuthenticator,
        profile: ProfileId,
        anchor: &Anchor,
        before: Option<Revision>,
    ) -> Result<Answered<RevisionPage>, Error> {
        let path = api::profile_path(&who.org(), &ProfileSelector::Id(profile), "revisions");
        let mut pairs = anchor_pairs(anchor);
        pairs.extend(before.map(|before| ("before", before.to_string())));
        let query = query_of(&pairs)?;
        self.get(who, &path, &query).await
    }

    pub(crate) async fn versions(
        &self,
        who: &dyn AgentAuthenticator,
        profile: ProfileId,
        versions: &[VersionRef],
    ) -> Result<Answered<SecretVersions>, Error> {
        let path = api::profile_path(&who.org(), &ProfileSelector::Id(profile), "versions");
        let pairs: Vec<(&str, String)> = versions.iter().map(|version| ("of", version.to_string())).collect();
        self.get(who, &path, &query_of(&pairs)?).await
    }

    pub(crate) async fn introduced(
        &self,
        who: &dyn AgentAuthenticator,
        profile: ProfileId,
        from: Revision,
    ) -> Result<Answered<IntroducedSecrets>, Error> {
        let path = api::profile_path(&who.org(), &ProfileSelector::Id(profile), "introduced");
        self.get(who, &path, &query_of(&[("from", from.to_string())])?).await
    }

    pub(crate) async fn stage_secrets(
        &self,
        who: &dyn AgentAuthenticator,
        profile: ProfileId,
        body: &StageSecrets,
    ) -> Result<Answered<StagedSecrets>, Error> {
        let path = api::profile_path(&who.org(), &ProfileSelector::Id(profile), "staging");
        // Staging the same again changes nothing.
        self.post(who, &path, body, true).await
    }

    pub(crate) async fn start_join(
        &self,
        who: &dyn AgentAuthenticator,
        body: &JoinStart,
    ) -> Result<Answered<JoinStarted>, Error> {
        self.post(who, &api::org_path(&who.org(), "invitation/registration"), body, true).await
    }

    pub(crate) async fn join(&self, who: &dyn AgentAuthenticator, body: &Join) -> Result<Answered<Joined>, Error> {
        // Accepting the same again changes nothing.
        self.post(who, &api::org_path(&who.org(), "invitation"), body, true).await
    }

    pub(crate) async fn acceptances(&self, who: &dyn AgentAuthenticator) -> Result<Answered<Acceptances>, Error> {
        self.get(who, &api::org_path(&who.org(), "acceptances"), "").await
    }

    pub(crate) async fn rotate_keys(
        &self,
        who: &dyn AgentAuthenticator,
        body: &RotateKeys,
    ) -> Result<Answered<Committed>, Error> {
        self.post(who, &api::org_path(&who.org(), "keys"), body, false).await
    }

    pub(crate) async fn request_keys(
        &self,
        who: &dyn AgentAuthenticator,
        body: &RequestKeys,
    ) -> Result<Answered<KeysRequested>, Error> {
        // Asking for the same again changes nothing.
        self.post(who, &api::org_path(&who.org(), "key-requests"), body, true).await
    }

    pub(crate) async fn key_requests(&self, who: &dyn AgentAuthenticator) -> Result<Answered<KeyRequests>, Error> {
        self.get(who, &api::org_path(&who.org(), "key-requests"), "").await
    }

    pub(crate) async fn start_account(
        &self,
        who: &dyn AgentAuthenticator,
        body: &AccountStart,
    ) -> Result<Answered<AccountStarted>, Error> {
        self.post(who, &api::org_path(&who.org(), "account/registration"), body, true).await
    }

    pub(crate) async fn replace_account(
        &self,
        who: &dyn AgentAuthenticator,
        body: &ReplaceAccount,
    ) -> Result<Answered<AccountReplaced>, Error> {
        // Replacing by the same again changes nothing.
        self.post(who, &api::org_path(&who.org(), "account"), body, true).await
    }

    pub(crate) async fn recovery_seed(&self, who: &dyn AgentAuthenticator) -> Result<Answered<RecoverySeed>, Error> {
        self.get(who, &api::org_path(&who.org(), "recovery"), "").await
    }

    pub(crate) async fn setup(&self, body: &SetupStart) -> Result<SetupStarted, Error> {
        self.post_unsigned(api::SETUP, body).await
    }

    pub(crate) async fn create_organization(&self, body: &CreateOrganization) -> Result<CreatedOrganization, Error> {
        self.post_unsigned(api::ORGS, body).await
    }

    pub(crate) async fn login_start(&self, body: &LoginStart) -> Result<LoginStarted, Error> {
        self.post_unsigned(api::LOGIN_START, body).await
    }

    pub(crate) async fn login_finish(&self, body: &LoginFinish) -> Result<LoginFinished, Error> {
        self.post_unsigned(api::LOGIN_FINISH, body).await
    }
}

fn anchor_pairs(anchor: &Anchor) -> Vec<(&'static str, String)> {
    let mut pairs = vec![("anchor", anchor.seq.to_string())];
    pairs.extend(anchor.remembered.map(|remembered| ("remembered", remembered.seq.to_string())));
    pairs
}

fn anchor_query(anchor: &Anchor, indexes: &[BlindIndex]) -> Result<String, Error> {
    let mut pairs = anchor_pairs(anchor);
    pairs.extend(indexes.iter().map(|index| ("index", index.to_string())));
    query_of(&pairs)
}

fn query_of(pairs: &[(&str, String)]) -> Result<String, Error> {
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    encode_query(&pairs).map_err(|error| Error::invalid(error.to_string()))
}
