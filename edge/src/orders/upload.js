// A body of up to 50 MB goes through without being held: chunk by chunk, hashed on its way by the platform.

// Gives `status \n SHA-256 \n bytes \n text of the answer`, or `error \n reason`: empty, too_long, cut_off, no_answer.
// `timeout` is for all of it; `patience` for each step: a chunk, and the answer once all is sent. Both in milliseconds.
export async function sendOn(request, url, authorization, most, timeout, patience) {
  const digest = new crypto.DigestStream("SHA-256");
  const hashing = digest.getWriter();
  let bytes = 0;
  // All ends by it: who sends nothing more, a factory that takes nothing more, and a body that is none.
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), timeout);
  let step;
  const stepped = () => {
    clearTimeout(step);
    step = setTimeout(() => end.abort(), patience);
  };
  stepped();
  let wrong = null;
  const refuse = (controller, why) => {
    wrong = why;
    controller.error(new Error(why));
    end.abort();
  };
  const through = new TransformStream({
    async transform(chunk, controller) {
      stepped();
      bytes += chunk.byteLength;
      if (bytes > most) return refuse(controller, "too_long");
      await hashing.write(chunk);
      controller.enqueue(chunk);
    },
    async flush(controller) {
      if (bytes === 0) return refuse(controller, "empty");
      await hashing.close();
      stepped();
    },
  });
  const { signal } = end;
  let isSent = false;
  const body = request.body.pipeThrough(through, { signal });
  const whole = digest.digest.then((hash) => ((isSent = true), hash));
  // Nobody asks for it where the body was cut off.
  whole.catch(() => {});
  try {
    const headers = { authorization, "content-type": "application/octet-stream" };
    const answer = await fetch(url, { method: "POST", headers, body, signal });
    const text = await answer.text();
    const hash = new Uint8Array(await whole);
    const digits = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${answer.status}\n${digits}\n${bytes}\n${text}`;
  } catch {
    hashing.abort().catch(() => {});
    return `error\n${wrong ?? (isSent ? "no_answer" : "cut_off")}`;
  } finally {
    clearTimeout(timer);
    clearTimeout(step);
  }
}
