// The same by both ways of CommonJS.
import keytar = require('strongroom/keytar');
import * as named from 'strongroom/keytar';

export const found: Promise<string | null> = keytar.getPassword('service', 'account');
export const kept: Promise<void> = named.setPassword('service', 'account', 'password');
export const listed: Promise<keytar.Credential[]> = named.findCredentials('service');
