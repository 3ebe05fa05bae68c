#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mj {

struct DocumentField;

/// A YAML document as a value: every node knows where it stands, so that messages can say so.
struct Document {
  enum class Kind { empty, scalar, list, map };

  Kind kind = Kind::empty;
  std::string scalar;                 ///< the text, if a scalar
  std::vector<Document> items;        ///< if a list
  std::vector<DocumentField> fields;  ///< if a map, in the file's order
  std::string file;
  int line = 0;      ///< 1-based
  std::string path;  ///< "levels[1].words"; empty at the root

  /// The field's value, or nullptr.
  const Document* find(std::string_view key) const;
  /// "line 3: levels[1].words", for InputError.
  std::string place() const;
};

struct DocumentField {
  std::string first;  ///< the key
  Document second;
};

/// Reads YAML text. Throws InputError with the line on a syntax error, a duplicate key or an alias cycle.
Document parse_document(const std::string& text, const std::string& file);
Document read_document(const std::filesystem::path& file);

/// A fault found in a document.
struct Problem {
  std::string place;
  std::string text;    ///< "is -5"
  std::string remedy;  ///< "must be a positive number"
};

/// Reads the fields of one map, collecting every problem instead of stopping at the first, so that a file can
/// be explained at once. Each accessor returns its fallback where there is a problem.
class FieldReader {
 public:
  /// A `map` that is no map is itself a problem. `problems` must outlive the reader.
  FieldReader(const Document& map, std::vector<Problem>& problems);

  bool has(std::string_view key);
  /// The value of an optional field, or nullptr; marks the key as known.
  const Document* find(std::string_view key);
  /// The value of a required field; nullptr, and a problem, where it is missing.
  const Document* require(std::string_view key);

  std::string text(std::string_view key, std::string_view fallback = {});
  std::string required_text(std::string_view key);
  /// A finite number in [least, most].
  double number(std::string_view key, double fallback, double least, double most = 1e30);
  double required_number(std::string_view key, double least, double most = 1e30);
  int64_t whole(std::string_view key, int64_t fallback, int64_t least, int64_t most = int64_t{1} << 53);
  int64_t required_whole(std::string_view key, int64_t least, int64_t most = int64_t{1} << 53);
  bool flag(std::string_view key, bool fallback);
  /// A list of scalars; one scalar stands for a list of one.
  std::vector<std::string> texts(std::string_view key);

  /// Every field that no accessor asked for is a problem that names the known keys. Call last.
  void reject_unknown();

 private:
  const Document& map_;
  std::vector<Problem>& problems_;
  std::vector<std::string> known_;
};

/// A value for messages: "is 12", "is a list".
std::string shown(const Document& value);

/// The scalar as a finite number; nullopt where it is none.
std::optional<double> as_number(const Document& scalar);
std::optional<int64_t> as_whole(const Document& scalar);

/// Throws InputError for `file` where there are problems; the message holds all of them, one a line.
void throw_problems(const std::string& file, const std::vector<Problem>& problems);

}  // namespace mj
