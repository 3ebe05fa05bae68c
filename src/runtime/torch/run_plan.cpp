#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <string>

#include "base/error.h"
#include "runtime/torch/graph.h"

namespace mj {
namespace {

std::string sizes_text(const Operands& operands) {
  std::string text;
  for (const auto& operand : operands) {
    text += text.empty() ? "" : ", ";
    text += operand.defined() ? to_string(operand.sizes().vec()) : "nothing";
  }
  return text;
}

/// The first line of libtorch's message.
std::string reason(const c10::Error& error) {
  const std::string text = error.msg();
  return text.substr(0, text.find('\n'));
}

Operands compute(const Graph& graph, const Step& step, const Operands& operands, const BatchSize& batch) {
  try {
    return step.kernel(operands, batch);
  } catch (const c10::Error& error) {
    const auto text = reason(error);
    if (text.find("INTERNAL ASSERT") != std::string::npos) {
      throw InternalError(fmt::format("{}: {}: {}", graph.file, step.place, text));
    }
    throw InputError(graph.file, step.place,
                     fmt::format("cannot be computed from {} ({})", sizes_text(operands), text), "");
  } catch (const std::bad_alloc&) {
    throw InputError(graph.file, step.place,
                     fmt::format("needs more memory than there is for {}", sizes_text(operands)), "");
  } catch (const InputError&) {
    throw;
  } catch (const std::exception& error) {
    throw InternalError(fmt::format("{}: {}: {}", graph.file, step.place, error.what()));
  }
}

class Runner {
 public:
  Runner(const Graph& graph, const Plan& plan, const ValueCallback& on_value)
      : graph_(graph), plan_(plan), on_value_(on_value), values_(graph.constants) {}

  void set(Slot slot, const at::Tensor& value) {
    values_[slot] = value;
    if (plan_.wanted[slot]) {
      on_value_(slot, value);
    }
  }

  void give_constants() {
    for (Slot slot = 0; slot < values_.size(); ++slot) {
      if (plan_.wanted[slot] && values_[slot].defined()) {
        on_value_(slot, values_[slot]);
      }
    }
  }

  /// What is released belongs to the step alone while it runs, so that it may write its result there.
  void run_step(const Step& step, const std::vector<Slot>& released, const BatchSize& batch) {
    Operands operands;
    for (const Slot slot : step.inputs) {
      operands.push_back(slot == no_slot ? at::Tensor() : values_[slot]);
    }
    release(released);
    const auto results = compute(graph_, step, operands, batch);
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
      if (step.outputs[i] != no_slot) {
        if (i >= results.size()) {
          throw InputError(graph_.file, step.place, fmt::format("gives {} values", results.size()),
                           fmt::format("its output {} cannot be computed", i + 1));
        }
        set(step.outputs[i], results[i]);
      }
    }
    release(released);
  }

 private:
  void release(const std::vector<Slot>& slots) {
    for (const Slot slot : slots) {
      values_[slot].reset();
    }
  }

  const Graph& graph_;
  const Plan& plan_;
  const ValueCallback& on_value_;
  std::vector<at::Tensor> values_;
};

}  // namespace

Plan plan_values(const Graph& graph, const std::vector<Slot>& wanted) {
  return plan_steps(graph, graph.steps, wanted);
}

Plan plan_steps(const Graph& graph, const std::vector<Step>& steps, const std::vector<Slot>& wanted) {
  Plan plan;
  plan.wanted.assign(graph.constants.size(), false);
  for (const Slot slot : wanted) {
    plan.wanted[slot] = true;
  }
  // Backwards: a step is needed where it gives a needed value, and the first read met is the last one made.
  std::vector<bool> needed = plan.wanted;
  std::vector<bool> kept(graph.constants.size(), false);
  const auto is_needed = [&](Slot slot) { return slot != no_slot && needed[slot]; };
  for (std::size_t i = steps.size(); i-- > 0;) {
    const Step& step = steps[i];
    if (std::none_of(step.outputs.begin(), step.outputs.end(), is_needed)) {
      continue;
    }
    std::vector<Slot> released;
    for (const auto* slots : {&step.inputs, &step.outputs}) {
      for (const Slot slot : *slots) {
        if (slot != no_slot && !kept[slot] && !graph.constants[slot].defined()) {
          kept[slot] = true;
          released.push_back(slot);
        }
      }
    }
    for (const Slot slot : step.inputs) {
      if (slot != no_slot) {
        needed[slot] = true;
      }
    }
    plan.steps.push_back(step);
    plan.releases.push_back(std::move(released));
  }
  std::reverse(plan.steps.begin(), plan.steps.end());
  std::reverse(plan.releases.begin(), plan.releases.end());
  return plan;
}

void run_plan(const Graph& graph, const Plan& plan, const Given& given, int64_t batch,
              const ValueCallback& on_value, const std::stop_token& stop) {
  Runner runner(graph, plan, on_value);
  runner.give_constants();
  for (const auto& [slot, value] : given) {
    runner.set(slot, value);
  }
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    if (stop.stop_requested()) {
      throw Interrupted();
    }
    runner.run_step(plan.steps[i], plan.releases[i], {graph.declared_batch, batch});
  }
}

}  // namespace mj
