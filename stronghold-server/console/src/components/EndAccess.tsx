import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Exposed, RekeyProgress } from "../api";
import { Button } from "./Button";
import { ConfirmDialog, Dialog } from "./Dialog";
import { ExposedList } from "./ExposedList";
import { Progress } from "./Progress";

/** Ends somebody's access: asks, makes new keys while it says how far it is, then tells what was read and what could be read. */
export function EndAccessDialog({ title, children, confirm, typed, who, run, onClose }: {
  title: string;
  /** What will happen, before it does. */
  children: ComponentChildren;
  confirm: string;
  typed?: string;
  /** Whose access ends. */
  who: string;
  run(progress: (step: RekeyProgress) => void): Promise<Exposed>;
  /** After it is done, or when it was called off. */
  onClose(done: boolean): void;
}) {
  const [exposed, setExposed] = useState<Exposed>();
  const [progress, setProgress] = useState<RekeyProgress>();
  const [running, setRunning] = useState(false);
  if (exposed !== undefined) {
    return (
      <Dialog title="Done" onClose={() => onClose(true)} footer={<Button kind="primary" autoFocus onPress={() => onClose(true)}>Close</Button>}>
        <ExposedList exposed={exposed} who={who} />
      </Dialog>
    );
  }
  return (
    <ConfirmDialog
      key="ask"
      title={title}
      confirm={confirm}
      {...(typed === undefined ? {} : { typed })}
      onClose={() => onClose(false)}
      onConfirm={async () => {
        setRunning(true);
        try {
          setExposed(await run(setProgress));
        } finally {
          setRunning(false);
        }
      }}
    >
      {children}
      {running && <Progress progress={progress} />}
    </ConfirmDialog>
  );
}
