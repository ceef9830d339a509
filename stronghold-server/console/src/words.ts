/** What codes of records and errors mean, in words. What is new to this console is shown as it came. */

const ACTIONS: Record<string, string> = {
  "org.setup": "Began to set up",
  "org.create": "Created the organization",
  "login.start": "Began to sign in",
  "login.finish": "Signed in",
  "self.read": "Asked who it is",
  "profile.list": "Listed its profiles",
  "profile.read": "Read a profile",
  "secret.read": "Read secrets",
  "profile.write": "Wrote a revision",
  "profile.stage": "Staged new keys",
  "revision.list": "Listed revisions",
  "version.read": "Read earlier versions",
  "revision.export": "Read revisions",
  "directory.read": "Read the directory",
  "directory.commit": "Changed the directory",
  "seal.read": "Fetched its keys",
  "activity.read": "Looked at activity",
  "audit.read": "Read the audit log",
  "checkpoint.read": "Checked the audit log",
  "user.register": "Registered a password",
  "user.accept": "Accepted an invitation",
  "acceptance.read": "Read acceptances",
  "user.rotate_keys": "Changed own keys",
  "user.request_keys": "Asked for new keys",
  "key_request.read": "Read requests for keys",
  "account.register": "Prepared a password",
  "account.replace": "Changed a password",
  "account.recover": "Used a recovery kit",
};

/** Every action that a record may name, for filters. */
export const ACTION_NAMES = Object.keys(ACTIONS);

/** An action of an audit record, in words. */
export function actionWords(action: string): string {
  return ACTIONS[action] ?? action;
}

/** How many, with its noun: "1 agent", "3 agents". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
