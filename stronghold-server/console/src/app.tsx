/** The shell: which of the screens is shown, the head with the navigation, and what is there on every page. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "./components/Button";
import { ConfirmDialog, Dialog } from "./components/Dialog";
import { Note } from "./components/ErrorNote";
import { Icon, Mark, type IconName } from "./components/Icons";
import { IntegrityScreen } from "./components/IntegrityScreen";
import { Menu } from "./components/Menu";
import { Name } from "./components/Badge";
import { Skeleton } from "./components/Spinner";
import { Toasts } from "./components/Toasts";
import { useShortcut } from "./hooks";
import { keepUp, lock, lockWhenIdle } from "./lock";
import { AcceptPage } from "./pages/accept";
import { AccountPage } from "./pages/account";
import { AgentPage } from "./pages/agent";
import { AgentsPage } from "./pages/agents";
import { AuditPage } from "./pages/audit";
import { GroupPage } from "./pages/group";
import { GroupsPage } from "./pages/groups";
import { OrganizationPage } from "./pages/organization";
import { PeoplePage } from "./pages/people";
import { ProfilePage } from "./pages/profile";
import { ProfilesPage } from "./pages/profiles";
import { RecoverPage } from "./pages/recover";
import { SignInPage } from "./pages/sign-in";
import { SignUpPage } from "./pages/sign-up";
import { href, leaveAnyway, navigate, route, wantedRoute } from "./router";
import { shortcuts } from "./shortcuts";
import { changeSettings, integrityError, me, organizationName, phase, reachable, refusal, settings } from "./state";
import type { Settings } from "./storage";

const NAVIGATION: { page: string; label: string; icon: IconName; shortcut: string }[] = [
  { page: "agents", label: "Agents", icon: "agent", shortcut: "a" },
  { page: "profiles", label: "Profiles", icon: "profile", shortcut: "p" },
  { page: "groups", label: "Groups", icon: "group", shortcut: "g" },
  { page: "people", label: "People", icon: "people", shortcut: "u" },
  { page: "audit", label: "Audit", icon: "audit", shortcut: "l" },
  { page: "organization", label: "Organization", icon: "organization", shortcut: "o" },
];

/** Everything that is on the screen. */
export function App() {
  const theme = settings.value?.theme ?? "auto";
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  if (integrityError.value !== undefined) {
    return <IntegrityScreen error={integrityError.value} />;
  }
  return (
    <>
      {phase.value === "starting" ? <main class="entry"><Skeleton /></main> : phase.value === "signed-out" ? <Entry /> : <Shell />}
      <Toasts />
    </>
  );
}

/** The pages that are reached without a session. */
function Entry() {
  switch (route.value[0]) {
    case "sign-up":
      return <SignUpPage />;
    case "accept":
      return <AcceptPage />;
    case "recover":
      return <RecoverPage />;
    default:
      return <SignInPage />;
  }
}

/** The page that a route names; the agents where it names none. */
function Page() {
  const [page, id] = route.value;
  switch (page) {
    case "profiles":
      return id === undefined ? <ProfilesPage /> : <ProfilePage key={id} id={id} />;
    case "groups":
      return id === undefined ? <GroupsPage /> : <GroupPage key={id} id={id} />;
    case "people":
      return <PeoplePage />;
    case "audit":
      return <AuditPage />;
    case "organization":
      return <OrganizationPage />;
    case "account":
      return <AccountPage />;
    default:
      return id === undefined || page !== "agents" ? <AgentsPage /> : <AgentPage key={id} id={id} />;
  }
}

/** The head, the navigation and the page of somebody who is signed in. */
function Shell() {
  const [helping, setHelping] = useState(false);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const here = route.value.join("/");
  // A new page starts at its heading, for eyes and for screen readers alike.
  useEffect(() => {
    if (!first.current && document.querySelector("dialog[open]") === null) {
      scrollTo({ top: 0 });
      main.current?.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [here]);
  // Whatever others changed is there when a page comes, and when the tab comes back.
  useEffect(() => void keepUp(), [here]);
  useEffect(() => {
    const back = (): void => {
      lockWhenIdle();
      void keepUp();
    };
    document.addEventListener("visibilitychange", back);
    return () => document.removeEventListener("visibilitychange", back);
  }, []);
  useShortcut("?", "Show the shortcuts", () => setHelping(true));
  return (
    <>
      <button type="button" class="skip-link" onClick={() => main.current?.focus()}>Skip to the content</button>
      <header class="shell-header">
        <a class="brand" href={href("agents")} aria-label="Stronghold: agents"><Mark /></a>
        <span class="organization-name" title={organizationName.value}><Name>{organizationName.value}</Name></span>
        <Navigation />
        <AccountMenu onHelp={() => setHelping(true)} />
      </header>
      {!reachable.value && (
        <div class="banner" role="status">
          <Note tone="warn">The server cannot be reached. What you see may be old, and nothing can be changed until it answers. <Button small onPress={keepUp}>Try again</Button></Note>
        </div>
      )}
      {refusal.value !== "" && (
        <div class="banner" role="alert">
          <Note tone="warn">The server refuses to say what is new: {refusal.value}. What you see may be old; you may have been removed. <Button small onPress={keepUp}>Try again</Button></Note>
        </div>
      )}
      <main id="main" class="page" tabIndex={-1} ref={main}><Page /></main>
      {helping && <ShortcutHelp onClose={() => setHelping(false)} />}
      {wantedRoute.value !== undefined && (
        <ConfirmDialog title="Leave without saving?" confirm="Leave" onConfirm={async () => leaveAnyway()} onClose={() => (wantedRoute.value = undefined)}>
          <p>What you changed on this page was not saved yet.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

/** The page that is shown: the agents where the route names none, as right after signing in. */
function shownPage(): string {
  const named = route.value[0] ?? "agents";
  return named === "account" || NAVIGATION.some(({ page }) => page === named) ? named : "agents";
}

function Navigation() {
  return (
    <nav class="navigation" aria-label="Pages">
      <ul>
        {NAVIGATION.map((entry) => <NavigationLink key={entry.page} {...entry} />)}
      </ul>
    </nav>
  );
}

function NavigationLink({ page, label, icon, shortcut }: (typeof NAVIGATION)[number]) {
  const current = shownPage() === page;
  const link = useRef<HTMLAnchorElement>(null);
  useShortcut(`g ${shortcut}`, `Go to ${label}`, () => navigate(page));
  // On a phone the navigation scrolls: where one is must be in sight.
  useEffect(() => {
    if (current) {
      link.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }, [current]);
  return (
    <li>
      <a ref={link} href={href(page)} aria-current={current ? (route.value.length > 1 ? "true" : "page") : undefined}>
        <Icon name={icon} />
        <span>{label}</span>
      </a>
    </li>
  );
}

function AccountMenu({ onHelp }: { onHelp(): void }) {
  const theme = settings.value?.theme ?? "auto";
  const themes: { value: Settings["theme"]; label: string }[] = [
    { value: "auto", label: "Theme of the system" },
    { value: "light", label: "Light" },
    { value: "dark", label: "Dark" },
  ];
  return (
    <div class="account">
      <Menu
        label={`Account of ${me.value?.email ?? ""}`}
        button={<><Icon name="account" /><span class="account-email">{me.value?.email}</span><Icon name="chevron" /></>}
        items={[
          { label: "My account", icon: "account", act: () => navigate("account") },
          { label: "Keyboard shortcuts", icon: "info", act: onHelp },
          "line",
          ...themes.map(({ value, label }) => ({ label, checked: theme === value, act: () => changeSettings({ theme: value }) })),
          "line",
          { label: "Lock", icon: "lock", act: () => lock() },
        ]}
      />
    </div>
  );
}

function ShortcutHelp({ onClose }: { onClose(): void }) {
  const shown = [...new Map(shortcuts.value.map((shortcut) => [shortcut.keys, shortcut])).values()];
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="shortcut-list">
        {shown.map(({ keys, label }) => (
          <div key={keys}>
            <dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{label}</dd>
          </div>
        ))}
        <div><dt><kbd>Esc</kbd></dt><dd>Close what is open</dd></div>
      </dl>
    </Dialog>
  );
}
