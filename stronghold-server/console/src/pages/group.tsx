import { useState } from "preact/hooks";
import type { GroupListed } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { EmptyState } from "../components/EmptyState";
import { EndAccessDialog } from "../components/EndAccess";
import { Loading } from "../components/Loading";
import { PageHeader } from "../components/PageHeader";
import { Grants } from "../groups/grants";
import { Members } from "../groups/members";
import { useLoad } from "../hooks";
import { href, navigate } from "../router";
import { me } from "../state";

const BACK = { href: href("groups"), label: "Groups" };

/** One group: who is in it, and what it is granted. */
export function GroupPage({ id }: { id: string }) {
  const groups = useLoad(() => session.groups());
  const [deleting, setDeleting] = useState<GroupListed>();
  const group = groups.data?.find((candidate) => candidate.group_id === id);
  const manages = me.value?.is_manager === true;
  return (
    <>
      <PageHeader
        title={group === undefined ? "Group" : visible(group.name)}
        heading={group === undefined ? undefined : <><Name>{group.name}</Name>{group.builtin && <Badge>Built in</Badge>}</>}
        back={BACK}
        actions={group !== undefined && manages && !group.builtin ? <Button icon="trash" onPress={() => setDeleting(group)}>Delete group</Button> : undefined}
      />
      <Loading of={groups}>
        {() =>
          group === undefined ? (
            <EmptyState icon="group" title="There is no such group" action={<a href={href("groups")}>All groups</a>}><p>It may have been deleted.</p></EmptyState>
          ) : (
            <div class="columns">
              <Members group={group} manages={manages} />
              <Grants group={group} manages={manages} />
            </div>
          )
        }
      </Loading>
      {deleting !== undefined && (
        <EndAccessDialog
          title={`Delete ${visible(deleting.name)}?`}
          confirm="Delete group"
          typed={deleting.name}
          who={`the members of ${deleting.name}`}
          run={(progress) => session.deleteGroup(deleting.group_id, progress)}
          onClose={(done) => {
            setDeleting(undefined);
            if (done) {
              navigate("groups");
            }
          }}
        >
          <p>Its members lose what they reach by it alone, and that is encrypted anew. The members themselves stay, and so do the profiles. You are told what they had read.</p>
        </EndAccessDialog>
      )}
    </>
  );
}
