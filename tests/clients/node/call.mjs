// The request to pay for, as the environment describes it, and the line that tells what came of it.

const { URL: url, METHOD: method, BODY: body, PRIVATE_KEY } = process.env;
const headers = body ? { "content-type": "application/json" } : {};

export { url, PRIVATE_KEY };
export const init = { method, headers, body: body || undefined };

/** Prints one line of JSON. `header` announces the settlement, `decode` is how this client reads it. */
export async function report(response, header, decode) {
  const announced = response.headers.get(header);
  const settlement = announced && decode(announced);
  console.log(JSON.stringify({ status: response.status, body: await response.text(), settlement }));
}
