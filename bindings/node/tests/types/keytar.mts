// What a program that used keytar's types must get from ours.
import { open } from 'strongroom';
import keytar, { type Credential, findPassword, getPassword, setManager } from 'strongroom/keytar';

export const found: Promise<string | null> = getPassword('service', 'account');
export const first: Promise<string | null> = findPassword('service');
export const kept: Promise<void> = keytar.setPassword('service', 'account', 'password');
export const removed: Promise<boolean> = keytar.deletePassword('service', 'account');
export const listed: Promise<Array<{ account: string; password: string }>> = keytar.findCredentials('service');
export const named: Promise<Credential[]> = listed;
setManager(null);
setManager(() => open('memory'));
setManager(await open('memory'));

// @ts-expect-error: a password is text
keytar.setPassword('service', 'account', new Uint8Array(1));
// @ts-expect-error: an account has a name
keytar.getPassword('service');
// @ts-expect-error: a store is no word
setManager('memory');
// @ts-expect-error: nor a promise, which could not be made again
setManager(open('memory'));
