//! What each kind of change may say.

mod agents;
mod groups;
mod people;
mod profiles;

use super::Scene;

pub(super) fn cases(scene: &mut Scene) {
    agents::cases(scene);
    people::cases(scene);
    groups::cases(scene);
    profiles::cases(scene);
}
