/** Roles: what each may do, and who may give it. */
import type { Role } from "../api";
import { me } from "../state";

/** Every role, with what it may do in a sentence. */
export const ROLES: { value: Role; label: string; may: string }[] = [
  { value: "owner", label: "Owner", may: "May do everything, and decides who is owner or admin." },
  { value: "admin", label: "Admin", may: "Manages agents, groups, profiles, editors and auditors, and reads and writes every secret." },
  { value: "editor", label: "Editor", may: "Reads what its groups are granted, and writes where that includes writing." },
  { value: "auditor", label: "Auditor", may: "Reads the audit log, and no secret: it has no key." },
];

/** The name of a role. */
export function roleLabel(role: Role): string {
  return ROLES.find((known) => known.value === role)?.label ?? role;
}

/** What a role may do, in a sentence. */
export function roleMay(role: Role): string {
  return ROLES.find((known) => known.value === role)?.may ?? "";
}

/** Whether a role is in the signed list of owners and admins; only owners change that list. */
export function isManager(role: Role): boolean {
  return role === "owner" || role === "admin";
}

/** Whether the person who is signed in may give or take this role. */
export function mayDecide(role: Role): boolean {
  return me.value !== undefined && (isManager(role) ? me.value.is_owner : me.value.is_manager);
}
