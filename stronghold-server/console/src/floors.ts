/**
 * Joins what two tabs of one device remember of an organization. Each knows only what it saw itself; nothing that is kept ever goes down.
 * The same rule is `Remembered::raise` of the SDK.
 */

interface Header {
  seq: number;
}

interface Profile {
  id: string;
  revision: number;
  epoch: number;
  manifest: string | null;
}

interface Remembered {
  header: Header | null;
  roster: number | null;
  profiles: Profile[];
  checkpoint?: { size: number } | null;
}

/** The higher of each floor, as JSON. What cannot be read as floors gives way to `newer`. */
export function joinFloors(kept: string | undefined, newer: string): string {
  if (kept === undefined || kept === newer) {
    return newer;
  }
  try {
    return JSON.stringify(join(JSON.parse(kept) as Remembered, JSON.parse(newer) as Remembered));
  } catch {
    return newer;
  }
}

function join(a: Remembered, b: Remembered): Remembered {
  const profiles = new Map(a.profiles.map((profile) => [profile.id, profile]));
  for (const profile of b.profiles) {
    const known = profiles.get(profile.id);
    profiles.set(profile.id, known === undefined ? profile : joinProfile(known, profile));
  }
  const checkpoint = (b.checkpoint?.size ?? -1) >= (a.checkpoint?.size ?? -1) ? b.checkpoint : a.checkpoint;
  return {
    header: (b.header?.seq ?? -1) >= (a.header?.seq ?? -1) ? b.header : a.header,
    roster: a.roster === null || b.roster === null ? (a.roster ?? b.roster) : Math.max(a.roster, b.roster),
    profiles: [...profiles.values()],
    ...(checkpoint === undefined || checkpoint === null ? {} : { checkpoint }),
  };
}

function joinProfile(a: Profile, b: Profile): Profile {
  const higher = b.revision > a.revision || (b.revision === a.revision && b.manifest !== null) ? b : a;
  return { ...higher, epoch: Math.max(a.epoch, b.epoch) };
}
