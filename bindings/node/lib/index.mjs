// One implementation for both systems of modules: classes are the same, whoever imports them.
import strongroom from './index.js';

export const {
  AbortError,
  REFERENCE_LABEL,
  Secret,
  SecretManager,
  StrongroomError,
  configSchema,
  fernet,
  generate,
  inspect,
  keyEscape,
  keyOf,
  keyParse,
  keyUnescape,
  keyVariable,
  open,
  openSync,
  settingsTable,
} = strongroom;
