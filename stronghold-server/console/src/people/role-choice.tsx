import { useId } from "preact/hooks";
import type { Role } from "../api";
import { mayDecide, ROLES } from "./roles";

/** A choice among the roles that the person may give, each with what it may do. */
export function RoleChoice({ value, onValue }: { value: Role; onValue(role: Role): void }) {
  const id = useId();
  return (
    <fieldset>
      <legend>Role</legend>
      {ROLES.filter((role) => mayDecide(role.value)).map((role) => (
        <div key={role.value} class="checkbox">
          <input type="radio" id={`${id}-${role.value}`} name={id} checked={value === role.value} aria-describedby={`${id}-${role.value}-may`} onChange={() => onValue(role.value)} />
          <label for={`${id}-${role.value}`}>{role.label}</label>
          <div class="hint" id={`${id}-${role.value}-may`}>{role.may}</div>
        </div>
      ))}
    </fieldset>
  );
}
