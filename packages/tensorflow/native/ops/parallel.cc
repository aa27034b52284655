#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace heed {
namespace {

struct Job {
  long count, part;
  void (*body)(const void *, Range);
  const void *context;
  std::atomic<long> next{0};
  std::atomic<int> helpers{0};

  bool HasMore() const { return next.load(std::memory_order_relaxed) < count; }

  void Work() {
    for (long begin; (begin = next.fetch_add(part)) < count;) body(context, {begin, std::min(begin + part, count)});
  }
};

/**
 * Threads that help with jobs. Who has a job works on it too, so that ops which run beside one another never wait for one another; as many
 * threads work as there are processors, and no more. They live as long as the process: at its end nobody waits for them.
 */
class Pool {
 public:
  explicit Pool(int threads) : threads_(threads) {
    for (int i = 1; i < threads; ++i) std::thread([this] { Help(); }).detach();
  }

  void Run(Job &job) {
    bool wanted;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      jobs_.push_back(&job);
      wanted = ++working_ < threads_;
      generation_.fetch_add(1, std::memory_order_release);
    }
    if (wanted) wake_.notify_all();
    job.Work();
    Spin([&] { return job.helpers.load(std::memory_order_acquire) == 0; });
    std::unique_lock<std::mutex> lock(mutex_);
    jobs_.erase(std::find(jobs_.begin(), jobs_.end(), &job));
    --working_;
    if (!jobs_.empty()) {
      generation_.fetch_add(1, std::memory_order_release);
      wake_.notify_all();
    }
    left_.wait(lock, [&] { return job.helpers == 0; });
  }

 private:
  void Help() {
    long seen = 0;
    for (;;) {
      Spin([&] { return generation_.load(std::memory_order_acquire) != seen; });
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return generation_.load(std::memory_order_relaxed) != seen; });
      seen = generation_.load(std::memory_order_relaxed);
      for (Job *job; working_ < threads_ && (job = Unfinished()) != nullptr;) {
        ++working_;
        ++job->helpers;
        lock.unlock();
        job->Work();
        lock.lock();
        --working_;
        if (--job->helpers == 0) left_.notify_all();
      }
    }
  }

  Job *Unfinished() const {
    for (Job *job : jobs_) {
      if (job->HasMore()) return job;
    }
    return nullptr;
  }

  /** Looks for a while before its caller sleeps: ops follow one another closely, and to be woken takes longer than most of them. */
  template <class Condition>
  static void Spin(const Condition &holds) {
    for (int i = 0; i < 2000 && !holds(); ++i) std::this_thread::yield();
  }

  const int threads_;
  std::mutex mutex_;
  std::condition_variable wake_, left_;
  std::atomic<long> generation_{0};
  std::vector<Job *> jobs_;
  int working_ = 0;
};

}  // namespace

int ThreadCount() {
  static const int count = [] {
    const char *limit = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int wanted = limit == nullptr ? 0 : std::atoi(limit);
    return wanted > 0 ? wanted : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  }();
  return count;
}

void ParallelFor(long count, long part, void (*body)(const void *, Range), const void *context) {
  part = std::max(1L, part);
  if (count > part && ThreadCount() > 1) {
    static Pool *const pool = new Pool(ThreadCount());
    Job job{count, part, body, context};
    return pool->Run(job);
  }
  for (long begin = 0; begin < count; begin += part) body(context, {begin, std::min(begin + part, count)});
}

}  // namespace heed
