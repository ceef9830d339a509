//! Receipts: what a server's signature on one covers.

use crate::audit::{every_release, record};
use stronghold_protocol::{
    crypto::sign::SigningKey,
    id::OrgId,
    receipt::{InvalidReceipt, Receipt},
};

#[test]
fn a_receipt_is_of_its_organization_place_and_record() {
    let key = SigningKey::from_seed(&[7; 32]);
    for released in every_release() {
        let record = record(released);
        let org = record.org;
        let good = Receipt::sign(&org, 5, record.encode().unwrap().into(), &key);
        assert_eq!(good.verify(&org).unwrap(), record);
        // Signed for another organization; or for this one, with a record of the other.
        let other = OrgId([9; 32]);
        assert_eq!(good.verify(&other).unwrap_err(), InvalidReceipt::NotSigned);
        let foreign = Receipt::sign(&other, 5, record.encode().unwrap().into(), &key);
        assert_eq!(foreign.verify(&other).unwrap_err(), InvalidReceipt::OtherOrganization);
        let bends: [fn(&mut Receipt); 4] = [
            |it| it.position = 6,
            |it| it.record.0[9] ^= 1,
            |it| it.key = SigningKey::from_seed(&[8; 32]).public_key(),
            |it| it.signature.0[63] ^= 1,
        ];
        for bend in bends {
            let mut bent = good.clone();
            bend(&mut bent);
            assert_eq!(bent.verify(&org).unwrap_err(), InvalidReceipt::NotSigned);
        }
    }
}
