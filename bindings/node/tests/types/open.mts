// What the type checker accepts of openings, settings and events, and what it refuses.

import diagnostics from 'node:diagnostics_channel';
import {
  configSchema,
  inspect,
  open,
  openSync,
  settingsTable,
  type LibraryEvent,
  type OpenOptions,
  type SecretProvider,
  type Setting,
} from 'strongroom';

const provide: SecretProvider = async (setting) => Buffer.from(setting);
const options: OpenOptions = {
  app: 'example',
  settings: { max_value: 64, deadline: '5s', cache: true, 'file.path': new URL('file:///tmp/secrets.json') },
  secrets: { 'encrypted.key': provide, 'local_encrypted.key': () => 'key' },
  configFile: ['settings.toml', new URL('file:///tmp/settings.json')],
  configText: { json: '{}' },
  environment: false,
  timeoutMs: 5000,
  signal: new AbortController().signal,
};
export const managers = [await open(), await open(options), await open('memory', options), openSync('memory')];

// @ts-expect-error nothing could fire the signal meanwhile
openSync({ signal: new AbortController().signal });
// @ts-expect-error an opening has no scope
open({ scope: 'org/acme' });
// @ts-expect-error a backend is stated once
open('memory', { backend: 'file' });
// @ts-expect-error a setting that is stated has a value
open({ settings: { deadline: null } });
// @ts-expect-error a setting is no secret
open({ settings: { 'encrypted.key': new Uint8Array(32) } });
// @ts-expect-error inspecting is no call
inspect({ timeoutMs: 5000 });

export const deadline: Setting | undefined = inspect('memory').settings['deadline'];
export const least: number | null | undefined = settingsTable('example')[0]?.min;
export const schema: unknown = configSchema()['properties'];

diagnostics.subscribe('strongroom', (message) => {
  const { level, target, message: line } = message as LibraryEvent;
  if (level === 'warn') console.error(`${target}: ${line}`);
});
