/**
 * Every sentence that the pages show, in one place, so that a translation is one file.
 * Sentence case, the reader's words, no exclamation marks. What varies comes in as an argument, already formatted.
 */
export const strings = {
  product: "Watchkeeper",
  unknown: "–",
  skipToContent: "Skip to the content",

  signIn: {
    title: "Sign in to Watchkeeper",
    user: "User name",
    password: "Password",
    submit: "Sign in",
    working: "Signing in…",
    showPassword: "Show the password",
    hidePassword: "Hide the password",
    firstTime: "The first start of Watchkeeper prints the user name and a one-time password in its terminal.",
    refused: "That user name and password do not match. Check both and try again.",
    tooMany: (wait: string) => `Too many attempts. Try again in ${wait}.`,
    userMissing: "Enter your user name.",
    passwordMissing: "Enter your password.",
    ended: "Your session has ended. Sign in to go on where you were.",
  },

  password: {
    notice: "You signed in with a one-time password. Choose one of your own.",
    choose: "Choose a password",
    later: "Later",
    title: "Choose a new password",
    current: "Current password",
    currentHint: "The one that you signed in with",
    fresh: "New password",
    freshHint: "At least 12 characters; a few words in a row are easy to remember",
    tooShort: (missing: number) => `${missing} more ${missing === 1 ? "character" : "characters"}`,
    longEnough: "Long enough",
    save: "Save the password",
    saving: "Saving…",
    saved: "The new password is saved.",
    cancel: "Cancel",
  },

  bar: {
    label: "Page controls",
    range: "Time range",
    ranges: { "1h": "1H", "24h": "24H", "7d": "7D", "30d": "30D" },
    rangeNames: { "1h": "Last hour", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days" },
    zoomed: (from: string, to: string) => `${from} – ${to}`,
    zoomBack: "Leave the zoom",
    pause: "Pause",
    resume: "Resume",
    theme: "Theme",
    themes: { system: "Like the system", light: "Light", dark: "Dark" },
    account: "Account",
    signedInAs: (name: string, role: string) => `${name} · ${role}`,
    changePassword: "Change the password",
    shortcuts: "Keyboard shortcuts",
    signOut: "Sign out",
    menu: "Menu",
  },

  live: {
    live: "Live",
    connecting: "Connecting",
    waiting: "Waiting",
    retrying: "Reconnecting",
    paused: (since: string) => `Paused since ${since}`,
    fixed: "Fixed range",
    explain: {
      live: "New values arrive as they are measured",
      waiting: "The live channel is open, but no values arrive; the message above says why",
      connecting: "Opening the live channel",
      retrying: (since: string) => `The live channel was lost at ${since}; figures are refreshed every 30 seconds`,
      paused: "Nothing on this page moves until you resume",
      fixed: "A range in the past does not move",
    },
  },

  copy: { label: "Copy the command", done: "Copied" },

  hosts: {
    all: "All hosts",
    some: (count: number) => `${count} hosts`,
    pick: "Choose hosts",
    picked: (chosen: string) => `Choose hosts: ${chosen}`,
    find: "Find a host",
    none: "No host matches.",
    clear: "Show all hosts",
    title: "Hosts",
    waiting: "Waiting for the first host",
    emptyHint: "Start a collector on a machine and it appears here:",
    emptyCommand: "python -m watchkeeper.collector",
    counts: (reporting: number, late: number, silent: number) =>
      [`${reporting} reporting`, late > 0 ? `${late} late` : "", silent > 0 ? `${silent} silent` : ""]
        .filter(Boolean)
        .join(" · "),
    states: { reporting: "Reporting", late: "Late", silent: "Silent" },
  },

  status: {
    title: "Status",
    services: "Services",
    engines: "Engines",
    states: { ok: "Up", degraded: "Degraded", down: "Down", unknown: "Not known" },
    since: (time: string) => `since ${time}`,
    failed: "The state of the system cannot be read.",
  },

  cards: {
    label: "Key figures",
    uptime: "System uptime",
    active_users: "Active users",
    response_time: "Response time",
    threats_blocked: "Threats blocked",
    against: (period: string) => `vs previous ${period}`,
    inPeriod: (period: string) => `in the previous ${period}`,
    noComparison: "No comparison yet",
    threshold: (value: string) => `Threshold ${value}`,
    within: "within",
    above: "above",
    notKnown: "Not known yet",
    age: (age: string) => `${age} ago`,
    now: "now",
    points: "pp",
  },

  charts: {
    label: "Charts",
    cpu: "CPU",
    memory: "Memory",
    response_time: "Response time",
    error_rate: "Error rate",
    disk: "Disk use",
    network: "Network",
    active_users: "Active users",
    threats: "Threats blocked",
    receive: "in",
    transmit: "out",
    lines: (count: number) => `${count} lines`,
    rest: (count: number) => `${count} more`,
    table: "Show as a table",
    chart: "Show as a chart",
    time: "Time",
    summary: (title: string, latest: string) => `${title}. ${latest}. Arrow keys move the crosshair, T shows a table.`,
    latest: (name: string, value: string) => `${name} ${value}`,
    emptyTitle: "Nothing was measured in this range",
    emptyHint: "Choose a longer range, or wait: new values appear by themselves.",
    emptyFixedHint: "Choose another range, or double-click here to leave a zoom.",
    failed: "This chart could not be loaded. Trying again by itself.",
    stale: (time: string) => `No new values since ${time}`,
    failedKept: (time: string) => `Could not be refreshed; this is from ${time}`,
    tableOf: (title: string) => `${title}, values`,
    tableNote: (shown: number, all: number) => `The latest ${shown} of ${all} times.`,
  },

  notices: {
    connection: (since: string) =>
      `The connection was lost at ${since}. What you see is from then; the page reconnects by itself.`,
    unreachable: "Watchkeeper does not answer. Check that it is running, then try again.",
    unwell:
      "Watchkeeper reports a fault and cannot tell details now. What you see may be old; the page recovers by itself.",
    kafka: (since: string) =>
      `Kafka has been away since ${since}. Collectors keep their samples on disk; the charts resume by themselves.`,
    database: (since: string) =>
      `The database has been away since ${since}. Samples wait in Kafka and nothing is lost; charts cannot be refreshed.`,
    recorder: (since: string) =>
      `The recorder has been down since ${since}. Samples wait in Kafka and appear once it is back.`,
    collector: (since: string) => `The collector has been down since ${since}. This machine is not measured meanwhile.`,
    other: (name: string, since: string, detail: string) =>
      `${name} has been down since ${since}${detail ? `: ${detail}` : ""}.`,
    degraded: (name: string, detail: string) => `${name} is degraded${detail ? `: ${detail}` : ""}.`,
    silent: (names: string, since: string) => `${names} fell silent at ${since}.`,
    silentMany: (count: number, names: string) => `${count} hosts are silent: ${names}.`,
    delayed: (delay: string) => `New samples reach the charts ${delay} late.`,
    more: (count: number) => `and ${count} more`,
  },

  help: {
    title: "Keyboard shortcuts",
    close: "Close",
    groups: { page: "On this page", chart: "On a chart", everywhere: "Everywhere" },
    keys: {
      performance: "Go to performance monitoring",
      help: "Show these shortcuts",
      pause: "Pause or resume",
      ranges: "1 hour, 24 hours, 7 days, 30 days",
      hosts: "Choose hosts",
      back: "Leave the zoom",
      crosshair: "Move the crosshair",
      zoomIn: "Zoom in at the crosshair",
      table: "Show the values as a table",
    },
  },

  pages: {
    performance: "Performance",
    performanceTitle: "Performance monitoring",
    notFound: "There is no page at this address.",
    goToPerformance: "Go to performance monitoring",
    notAnswering: "Watchkeeper does not answer fully yet. This page tries again by itself.",
    broken: "This page met an error that it did not expect.",
    reload: "Load the page again",
  },

  print: (range: string, made: string) => `${range} · made ${made}`,
} as const;
