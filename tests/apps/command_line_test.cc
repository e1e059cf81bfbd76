// SPDX-License-Identifier: BSD-3-Clause
#include "command_line.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace famez::pingpong {
namespace {

// argv as main() gets it.
class Words {
  public:
    explicit Words(const std::string& line) {
        std::istringstream stream("famez_pingpong " + line);
        for (std::string word; stream >> word;)
            words_.push_back(word);
        for (std::string& word : words_)
            argv_.push_back(word.data());
        argv_.push_back(nullptr);
    }
    std::variant<CommandLine, ParseEnd> parse() {
        return parse_command_line(static_cast<int>(words_.size()), argv_.data());
    }

  private:
    std::vector<std::string> words_;
    std::vector<char*> argv_;
};

// How many of the words are EAL's, and the API.
std::pair<std::size_t, Api> good(const std::string& line) {
    Words words(line);
    const auto parsed = words.parse();
    if (const auto* end = std::get_if<ParseEnd>(&parsed)) {
        ADD_FAILURE() << line << ": " << end->text;
        return {};
    }
    const auto& result = std::get<CommandLine>(parsed);
    return {result.eal.size(), result.options.api};
}

ParseEnd ended(const std::string& line) {
    Words words(line);
    const auto parsed = words.parse();
    if (std::holds_alternative<CommandLine>(parsed)) {
        ADD_FAILURE() << line << " was accepted";
        return {-1, ""};
    }
    return std::get<ParseEnd>(parsed);
}

TEST(CommandLineTest, EalComesFirst) {
    EXPECT_EQ(good("-l 0 --no-huge -- tx --size 64"), std::pair(std::size_t{4}, Api::ethdev));
    EXPECT_EQ(good("-- tx"), std::pair(std::size_t{1}, Api::ethdev));
    EXPECT_EQ(good("-l 0 -- tx --api ethdev"), std::pair(std::size_t{3}, Api::ethdev));
}

TEST(CommandLineTest, TheFabricsApiHasNoEal) {
    const std::pair wanted(std::size_t{1}, Api::fabric);
    EXPECT_EQ(good("--api fabric tx --size 1M"), wanted);
    EXPECT_EQ(good("tx --api=fabric"), wanted);
    EXPECT_EQ(good("--api fabric -- tx --size 1M"), wanted);
    EXPECT_EQ(good("-- tx --api fabric"), wanted);
}

TEST(CommandLineTest, MistakesSayWhichWordsAreWhose) {
    for (const auto& [line, told] :
         {std::pair("tx", "\"--\""), std::pair("", "\"--\""),
          std::pair("-l 0 -- tx --api fabric", "leave out all EAL options"),
          std::pair("-l 0 --api fabric -- tx", "there are no EAL options"),
          std::pair("--api fabric", "ROLE"), std::pair("-- tx --nonsense", "--nonsense")}) {
        const ParseEnd end = ended(line);
        EXPECT_EQ(end.status, exit_usage) << line;
        EXPECT_NE(end.text.find(told), std::string::npos) << line << ": " << end.text;
    }
}

TEST(CommandLineTest, HelpAndVersionNeedNothing) {
    for (const char* line :
         {"--help", "-h", "-l 0 -- tx --help", "-- -h", "--api fabric -h", "-V", "-- --version"}) {
        EXPECT_EQ(ended(line).status, 0) << line;
    }
}

}  // namespace
}  // namespace famez::pingpong
