// Workers KV for `workerd serve`, in memory: the requests into which workerd turns the calls of a KV binding.
// `cache_ttl` and `expiration_ttl` are taken and ignored: a run is shorter.
const values = new Map();

export default {
  async fetch(request) {
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    switch (request.method) {
      case "GET":
        return values.has(key) ? new Response(values.get(key)) : new Response(null, { status: 404 });
      case "PUT":
        values.set(key, await request.arrayBuffer());
        return new Response(null);
      case "DELETE":
        values.delete(key);
        return new Response(null);
      default:
        return new Response(null, { status: 405 });
    }
  },
};
