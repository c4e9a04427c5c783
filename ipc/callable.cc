#include "ipc/callable.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>

namespace cohort::ipc {
namespace internal {
namespace {

// An entry crosses as these, and then the path of its module:
//   size of the id (1 byte), the id, the offset (8), the signature's hash (8)
constexpr std::size_t kMaxIdSize = 255;
constexpr std::size_t kMaxPathSize = 4096;
constexpr std::size_t kMaxEncodedSize = 1 + kMaxIdSize + 8 + 8 + kMaxPathSize;

// More would be no table of virtual functions.
constexpr uintptr_t kMaxVirtualOffset = std::size_t{1} << 20;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>()(text);
  }
};

// What was found once. All of these entries are of modules that are loaded for good, and none is
// taken out.
class DecodedEntries {
 public:
  static DecodedEntries& Instance() {
    static auto* const entries = new DecodedEntries;
    return *entries;
  }

  // Null when there is none.
  const RegisteredEntry* Find(std::string_view bytes);
  void Add(std::string_view bytes, const RegisteredEntry& entry);

 private:
  using Map = std::unordered_map<std::string, const RegisteredEntry*, TextHash, std::equal_to<>>;

  std::shared_mutex mutex_;
  Map by_bytes_;

  // What this thread found before, by the hash: without a lock.
  static constexpr std::size_t kRecent = 64;
  static inline constinit thread_local std::array<const Map::value_type*, kRecent> recent_ = {};
};

const RegisteredEntry* DecodedEntries::Find(std::string_view bytes) {
  const Map::value_type*& recent = recent_[TextHash()(bytes) % kRecent];
  if (recent != nullptr && recent->first == bytes) return recent->second;
  const std::shared_lock lock(mutex_);
  const auto found = by_bytes_.find(bytes);
  if (found == by_bytes_.end()) return nullptr;
  recent = &*found;
  return found->second;
}

void DecodedEntries::Add(std::string_view bytes, const RegisteredEntry& entry) {
  const std::unique_lock lock(mutex_);
  by_bytes_.emplace(bytes, &entry);
}

// Both are used before and after the time of static objects with constructors.
constinit std::mutex list_mutex;
constinit const RegisteredEntry* list_head = nullptr;

void AppendRaw(std::string& to, uint64_t number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

std::string Pack(const CodeId& id, uint64_t signature_hash) {
  if (id.module.size() > kMaxIdSize || id.path.size() > kMaxPathSize) {
    throw IdentityError("the path or the build id of " + id.path + " is too long to be sent");
  }
  std::string bytes;
  bytes += static_cast<char>(id.module.size());
  bytes += id.module;
  AppendRaw(bytes, id.offset);
  AppendRaw(bytes, signature_hash);
  return bytes + id.path;
}

struct Unpacked {
  CodeId id;
  uint64_t signature_hash = 0;
};

Unpacked Unpack(std::string_view bytes) {
  const std::size_t id_size = bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]);
  const std::size_t path_at = 1 + id_size + 8 + 8;
  if (id_size == 0 || bytes.size() < path_at) {
    throw IdentityError("a function's identity is damaged: " + std::to_string(bytes.size()) +
                        " bytes are too few");
  }
  Unpacked result;
  result.id.module = bytes.substr(1, id_size);
  std::memcpy(&result.id.offset, bytes.data() + 1 + id_size, 8);
  std::memcpy(&result.signature_hash, bytes.data() + 1 + id_size + 8, 8);
  result.id.path = bytes.substr(path_at);
  return result;
}

const std::string& EncodedOf(const RegisteredEntry& entry) {
  const auto* known = entry.encoded.load(std::memory_order_acquire);
  if (known != nullptr) return *known;
  const CodeId id = ModuleTable::process().id_of(reinterpret_cast<const void*>(entry.entry));

  // Kept for good, for the entry of a library that is unloaded and loaded again too.
  static auto* const all = new std::unordered_set<std::string>;
  static std::mutex& mutex = *new std::mutex;
  const std::lock_guard lock(mutex);
  known = &*all->insert(Pack(id, entry.signature_hash)).first;
  entry.encoded.store(known, std::memory_order_release);
  return *known;
}

// Several may have one address, where the linker folds functions of the same code.
bool Matches(const RegisteredEntry& entry, const void* address, uint64_t signature_hash) noexcept {
  return reinterpret_cast<const void*>(entry.entry) == address &&
         entry.signature_hash == signature_hash;
}

const RegisteredEntry* FindListed(const void* address, uint64_t signature_hash) noexcept {
  const std::lock_guard lock(list_mutex);
  const RegisteredEntry* entry = list_head;
  while (entry != nullptr && !Matches(*entry, address, signature_hash)) entry = entry->next;
  return entry;
}

}  // namespace

// A library that was linked with its own copy of this code has a list of its own, and is asked for
// it by this name. The name tells the version of RegisteredEntry.
extern "C" __attribute__((visibility("default"))) const void* cohort_ipc_find_entry_1(
    const void* address, uint64_t signature_hash) noexcept {
  return FindListed(address, signature_hash);
}

namespace {

const RegisteredEntry* FindEntry(const void* address, uint64_t signature_hash) {
  if (const RegisteredEntry* entry = FindListed(address, signature_hash)) return entry;
  void* const find = ModuleTable::process().find_symbol(address, "cohort_ipc_find_entry_1");
  if (find == nullptr) return nullptr;
  return static_cast<const RegisteredEntry*>(
      reinterpret_cast<decltype(&cohort_ipc_find_entry_1)>(find)(address, signature_hash));
}

std::string Describe(const CodeId& id) {
  return "offset " + std::to_string(id.offset) + " of " +
         (id.path.empty() ? "the program" : id.path) + " (" + describe_module_id(id.module) + ")";
}

const RegisteredEntry& Resolve(const Unpacked& what) {
  ModuleTable& modules = ModuleTable::process();
  const void* const address = modules.resolve(what.id);
  // Before its entry is looked at, lest the library be unloaded meanwhile.
  if (!modules.pin(address)) {
    throw IdentityError("cannot keep " + what.id.path + " loaded: was its file renamed?");
  }
  const RegisteredEntry* entry = FindEntry(address, what.signature_hash);
  if (entry == nullptr) {
    throw IdentityError("no function of the signature asked for is registered at " +
                        Describe(what.id) + ": the message is damaged, or not of this program");
  }
  return *entry;
}

// Pointers to member functions. The flag for a virtual function is the lowest bit: of the target in
// general, of the adjustment (then doubled) where code may lie at an odd address.
#if defined(__aarch64__) || defined(__arm__) || defined(__mips__)
constexpr bool kFlagInAdjustment = true;
#else
constexpr bool kFlagInAdjustment = false;
#endif

struct RawMemberFunction {
  uintptr_t target;
  intptr_t adjustment;
};
static_assert(sizeof(RawMemberFunction) == kMemberFunctionSize);

MemberFunction FromRaw(const RawMemberFunction& raw) {
  if constexpr (kFlagInAdjustment) {
    const bool is_virtual = (raw.adjustment & 1) != 0;
    return {raw.target == 0 && !is_virtual, is_virtual, raw.target, raw.adjustment >> 1};
  } else {
    const bool is_virtual = (raw.target & 1) != 0;
    return {raw.target == 0, is_virtual, raw.target - (is_virtual ? 1 : 0), raw.adjustment};
  }
}

RawMemberFunction ToRaw(const MemberFunction& pointer) {
  const uintptr_t flag = pointer.is_virtual ? 1 : 0;
  const auto adjustment = static_cast<intptr_t>(pointer.adjustment);
  if constexpr (kFlagInAdjustment) {
    return {pointer.target, adjustment * 2 + static_cast<intptr_t>(flag)};
  } else {
    return {pointer.target + flag, adjustment};
  }
}

enum class PointerKind : uint8_t { kNull, kCode, kVirtual };

}  // namespace

void EncodeFunction(Writer& writer, const void* function) {
  if (function == nullptr) return writer.WriteRaw(PointerKind::kNull);
  writer.WriteRaw(PointerKind::kCode);
  Codec<CodeId>::encode(writer, ModuleTable::process().id_of(function));
}

const void* DecodeCode(Reader& reader) {
  return ModuleTable::process().resolve(Codec<CodeId>::decode(reader));
}

[[noreturn]] void ThrowBadKind(const char* what) {
  throw IdentityError(std::string(what) + " is of no known kind: the message is damaged");
}

const void* DecodeFunction(Reader& reader) {
  switch (reader.ReadRaw<PointerKind>()) {
    case PointerKind::kNull:
      return nullptr;
    case PointerKind::kCode:
      return DecodeCode(reader);
    default:
      ThrowBadKind("a pointer to function");
  }
}

uintptr_t DecodeVirtual(Reader& reader) {
  const uint64_t offset = reader.ReadSize();
  if (offset % sizeof(void*) != 0 || offset > kMaxVirtualOffset) {
    throw IdentityError("there can be no virtual function at " + std::to_string(offset) +
                        ": the message is damaged");
  }
  return static_cast<uintptr_t>(offset);
}

void EncodeMemberFunction(Writer& writer, const void* pointer) {
  RawMemberFunction raw;
  std::memcpy(&raw, pointer, sizeof(raw));
  const MemberFunction member = FromRaw(raw);
  if (member.is_null) return writer.WriteRaw(PointerKind::kNull);
  if (member.is_virtual) {
    writer.WriteRaw(PointerKind::kVirtual);
    writer.WriteSize(member.target);
  } else {
    EncodeFunction(writer, reinterpret_cast<const void*>(member.target));
  }
  writer.WriteRaw(member.adjustment);
}

// All members; a null one leaves all of them 0.
MemberFunction DecodeMember(Reader& reader) {
  MemberFunction member{};
  const auto kind = reader.ReadRaw<PointerKind>();
  if (kind == PointerKind::kNull) return member;
  if (kind == PointerKind::kVirtual) {
    member.is_virtual = true;
    member.target = DecodeVirtual(reader);
  } else if (kind == PointerKind::kCode) {
    member.target = reinterpret_cast<uintptr_t>(DecodeCode(reader));
  } else {
    ThrowBadKind("a pointer to member function");
  }
  member.adjustment = reader.ReadRaw<int64_t>();
  return member;
}

void DecodeMemberFunction(Reader& reader, void* pointer) {
  const RawMemberFunction raw = ToRaw(DecodeMember(reader));
  std::memcpy(pointer, &raw, sizeof(raw));
}

Registrar::Registrar(RegisteredEntry& entry) noexcept : entry_(entry) {
  const std::lock_guard lock(list_mutex);
  entry.next = list_head;
  list_head = &entry;
}

Registrar::~Registrar() {
  const std::lock_guard lock(list_mutex);
  const RegisteredEntry** link = &list_head;
  while (*link != &entry_) link = const_cast<const RegisteredEntry**>(&(*link)->next);
  *link = entry_.next;
}

}  // namespace internal

void encode_entry(Writer& writer, const RegisteredEntry& entry) {
  const std::string& bytes = internal::EncodedOf(entry);
  writer.WriteSize(bytes.size());
  writer.Write(bytes.data(), bytes.size());
}

const RegisteredEntry& decode_entry(Reader& reader) {
  const uint64_t size = reader.ReadSize();
  if (size > internal::kMaxEncodedSize) {
    throw IdentityError("a function's identity is damaged: it cannot have " + std::to_string(size) +
                        " bytes");
  }
  char buffer[internal::kMaxEncodedSize];  // a copy: the sender may own the memory
  reader.Read(buffer, static_cast<std::size_t>(size));
  const std::string_view bytes(buffer, static_cast<std::size_t>(size));

  auto& decoded = internal::DecodedEntries::Instance();
  if (const RegisteredEntry* known = decoded.Find(bytes)) return *known;
  const RegisteredEntry& entry = internal::Resolve(internal::Unpack(bytes));
  decoded.Add(bytes, entry);
  return entry;
}

void Codec<CodeId>::encode(Writer& writer, const CodeId& id) {
  writer.WriteSize(id.module.size());
  writer.Write(id.module.data(), id.module.size());
  writer.WriteRaw(id.offset);
  writer.WriteSize(id.path.size());
  writer.Write(id.path.data(), id.path.size());
}

namespace {

std::string DecodeText(Reader& reader, std::size_t limit) {
  const uint64_t size = reader.ReadSize();
  if (size > limit) {
    throw IdentityError("a function's identity is damaged: a part of it cannot have " +
                        std::to_string(size) + " bytes");
  }
  std::string text(static_cast<std::size_t>(size), '\0');
  reader.Read(text.data(), text.size());
  return text;
}

}  // namespace

CodeId Codec<CodeId>::decode(Reader& reader) {
  CodeId id;
  id.module = DecodeText(reader, internal::kMaxIdSize);
  id.offset = reader.ReadRaw<uint64_t>();
  id.path = DecodeText(reader, internal::kMaxPathSize);
  return id;
}

}  // namespace cohort::ipc
