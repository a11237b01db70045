export { AbortError, StrongroomError, type ErrorCode } from './errors.js';
export { generate } from './generate.js';
export { SecretManager } from './manager.js';
export * from './open.js';
export * from './settings.js';
export type * from './events.js';
export type * from './options.js';
export type * from './results.js';
export { Secret } from './secret.js';
