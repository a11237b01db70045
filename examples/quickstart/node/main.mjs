// The quickstart in JavaScript.
//
// Opens the store that the `strongroom` command uses (the environment says which), writes a secret, reads one (its own,
// or the key on the command line), lists, and shows what a failure looks like.

import { StrongroomError, open } from 'strongroom';

const OWN_KEY = 'app/quickstart/api_key';

async function main(key = OWN_KEY) {
  // No arguments: the application `strongroom`, with the settings of the environment.
  const secrets = await open();
  try {
    // Write a secret and who issued it.
    const tomorrow = new Date(Date.now() + 24 * 60 * 60 * 1000);
    await secrets.set(OWN_KEY, 's3cret', { provider: 'example', expiresAt: tomorrow });

    // Read one. A missing secret is `null`, and nothing else is. What is shown of it is wiped after the function;
    // `found.reveal()` is the value as text, which JavaScript keeps for as long as it likes.
    const found = await secrets.get(key);
    if (found === null) throw new Error(`there is no ${key}`);
    found.expose((value) => console.log(`${key}: ${value.length} bytes`));
    found.wipe();

    // What is known about it, without its value.
    const known = await secrets.describe(key, { timeoutMs: 2000 });
    console.log(`provider: ${known?.provider ?? 'none'}, version: ${known?.version ?? 'none'}`);

    // Names, never values.
    for await (const { name } of secrets.entries()) {
      console.log(`- ${name}`);
    }

    // A failure says what is wrong and what to do. This one is expected: only what is there can be updated.
    try {
      await secrets.updateValue('app/quickstart/missing', 's3cret');
    } catch (error) {
      if (!(error instanceof StrongroomError && error.code === 'not_found')) throw error;
      console.log(`expected: ${error.code} (${error.help})`);
    }

    await secrets.delete(OWN_KEY);
  } finally {
    await secrets.close();
  }
}

try {
  await main(process.argv[2]);
} catch (error) {
  console.error(error instanceof StrongroomError ? `${error.message}\n${error.help}` : error);
  process.exitCode = 1;
}
