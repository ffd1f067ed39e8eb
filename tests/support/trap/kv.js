// KV that knows one key and never answers about others.
export default {
  fetch(request, env) {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
    return name === env.NAME ? new Response(env.TEXT) : new Promise((resolve) => setTimeout(resolve, 60_000));
  },
};
