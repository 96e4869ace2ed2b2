import { createSignal, createUniqueId, For, type JSX } from "solid-js";
import { Popover } from "../../design/Popover";
import { type Catalogue, LANGUAGES, type Language, speech } from "../../i18n";
import { useFigures, useWords } from "../../i18n/context";
import { useLiveroom } from "../../room/context";
import { AccountSection } from "./AccountSection";
import { ServiceSection } from "./ServiceSection";
import "./settings.css";
import { AREAS, OPACITY, THEMES, type Theme } from "../../settings/settings";

const THEME_WORDS: Record<Theme, (words: Catalogue) => string> = {
  system: (words) => words.themeSystem,
  dark: (words) => words.themeDark,
  light: (words) => words.themeLight,
};

const AREA_WORDS: Record<(typeof AREAS)[number], (words: Catalogue) => string> = {
  0.25: (words) => words.areaQuarter,
  0.5: (words) => words.areaHalf,
  0.75: (words) => words.areaThreeQuarters,
  1: (words) => words.areaFull,
};

function Row(props: { label: string; children: (id: string) => JSX.Element }): JSX.Element {
  const id = createUniqueId();
  return (
    <div class="setting">
      <label for={id}>{props.label}</label>
      {props.children(id)}
    </div>
  );
}

function Appearance(): JSX.Element {
  const { settings } = useLiveroom();
  const words = useWords();
  return (
    <section class="settings-part">
      <h2 class="settings-heading">{words().appearance}</h2>
      <Row label={words().theme}>
        {(id) => (
          <select
            id={id}
            class="select"
            data-testid="theme"
            autofocus
            onChange={(event) => settings.set("theme", event.currentTarget.value as Theme)}
          >
            <For each={THEMES}>
              {(theme) => (
                <option value={theme} selected={settings.values.theme === theme}>
                  {THEME_WORDS[theme](words())}
                </option>
              )}
            </For>
          </select>
        )}
      </Row>
      <Row label={words().language}>
        {(id) => (
          <select
            id={id}
            class="select"
            data-testid="language"
            onChange={(event) => settings.set("language", event.currentTarget.value as Language)}
          >
            <For each={LANGUAGES}>
              {(language) => (
                <option
                  value={language}
                  lang={speech(language).tag}
                  selected={settings.language() === language}
                >
                  {speech(language).words.languageName}
                </option>
              )}
            </For>
          </select>
        )}
      </Row>
    </section>
  );
}

/** Says where every comment went: what was left out is counted by its cause, not passed over. */
function DanmakuCounts(): JSX.Element {
  const { room } = useLiveroom();
  const words = useWords();
  const figures = useFigures();
  const counts = () => {
    const counters = room.counters();
    return [
      { id: "shown", label: words().countShown, count: counters.shown },
      { id: "folded", label: words().countFolded, count: counters.folded },
      { id: "queue-full", label: words().countQueueFull, count: counters.queue_full },
      { id: "expired", label: words().countExpired, count: counters.expired },
      { id: "no-lane", label: words().countNoLane, count: counters.no_lane },
      { id: "hidden", label: words().countHidden, count: counters.hidden },
      { id: "recalled", label: words().countRecalled, count: counters.recalled },
    ];
  };
  return (
    <dl class="counts" data-testid="danmaku-counts">
      <For each={counts()}>
        {(entry) => (
          <div class="counts-entry">
            <dt>{entry.label}</dt>
            <dd class="figures" data-testid={`danmaku-${entry.id}`}>
              {figures().count(entry.count)}
            </dd>
          </div>
        )}
      </For>
    </dl>
  );
}

function DanmakuSettings(): JSX.Element {
  const { settings } = useLiveroom();
  const words = useWords();
  return (
    <section class="settings-part">
      <h2 class="settings-heading">{words().danmaku}</h2>
      <Row label={words().danmakuOn}>
        {(id) => (
          <input
            id={id}
            class="check"
            type="checkbox"
            checked={settings.values.danmaku}
            onChange={(event) => settings.set("danmaku", event.currentTarget.checked)}
          />
        )}
      </Row>
      <Row label={words().danmakuOpacity}>
        {(id) => (
          <input
            id={id}
            class="range"
            type="range"
            min={OPACITY.min}
            max={OPACITY.max}
            step={OPACITY.step}
            value={settings.values.opacity}
            onInput={(event) => settings.set("opacity", event.currentTarget.valueAsNumber)}
          />
        )}
      </Row>
      <Row label={words().danmakuArea}>
        {(id) => (
          <select
            id={id}
            class="select"
            onChange={(event) => settings.set("area", Number(event.currentTarget.value))}
          >
            <For each={AREAS}>
              {(area) => (
                <option value={area} selected={settings.values.area === area}>
                  {AREA_WORDS[area](words())}
                </option>
              )}
            </For>
          </select>
        )}
      </Row>
      <DanmakuCounts />
    </section>
  );
}

export function SettingsButton(): JSX.Element {
  const words = useWords();
  const [open, setOpen] = createSignal(false);
  return (
    <Popover
      name={words().settings}
      icon="settings"
      testId="settings-button"
      class="settings"
      open={open()}
      setOpen={setOpen}
    >
      <Appearance />
      <DanmakuSettings />
      <AccountSection />
      <ServiceSection />
    </Popover>
  );
}
