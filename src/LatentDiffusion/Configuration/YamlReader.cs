using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace LatentDiffusion.Configuration;

/// <summary>Reads one YAML document into nodes that know their place.</summary>
internal sealed class YamlReader
{
    // Deeper than any configuration; keeps a hostile file from exhausting the stack.
    private const int MaximumDepth = 64;

    private readonly Parser _parser;
    private readonly Func<Mark, ConfigLocation> _locate;
    private readonly Dictionary<string, ConfigNode> _anchors = [];

    private YamlReader(string text, Func<Mark, ConfigLocation> locate)
    {
        _parser = new Parser(new StringReader(text));
        _locate = locate;
    }

    /// <summary>Reads the text; an empty document is null.</summary>
    /// <param name="text">The document.</param>
    /// <param name="locate">Turns a position in the text into the place to blame.</param>
    /// <exception cref="ConfigException">The text is not one plain YAML document.</exception>
    public static ConfigNode? Read(string text, Func<Mark, ConfigLocation> locate)
    {
        var reader = new YamlReader(text, locate);
        try
        {
            return reader.ReadDocument();
        }
        catch (YamlException e)
        {
            throw new ConfigException(locate(e.Start), $"not valid YAML: {e.Message}", e);
        }
        // The parser stops this way at a flow collection left open (YamlDotNet issue 541) and at a tag that is no URI.
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            var last = reader._parser.Current?.Start ?? Mark.Empty;
            throw new ConfigException(locate(last), "not valid YAML after this: a bracket left open or a bad tag", e);
        }
    }

    private ConfigNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _))
        {
            return null;
        }

        _parser.Consume<DocumentStart>();
        var root = ReadNode(0);
        _parser.Consume<DocumentEnd>();
        return _parser.Accept<DocumentStart>(out var second)
            ? throw Error(second, "a second document starts here; a configuration is one document")
            : root;
    }

    private ConfigNode ReadNode(int depth)
    {
        var start = _parser.Consume<ParsingEvent>();
        if (depth > MaximumDepth)
        {
            throw Error(start, $"nested more than {MaximumDepth} levels deep");
        }

        if (start is AnchorAlias alias)
        {
            return _anchors.TryGetValue(alias.Value.Value, out var aliased)
                ? aliased
                : throw Error(alias, $"no anchor '&{alias.Value.Value}' is defined above this alias");
        }

        // Of some damaged documents the parser makes a key and then no value.
        if (start is not NodeEvent head)
        {
            throw Error(start, "not valid YAML: a value is missing before this");
        }

        if (!head.Tag.IsEmpty)
        {
            throw Error(head, $"the tag '{head.Tag.Value}' is not allowed; types come from the keys, remove it");
        }

        ConfigNode node = head switch
        {
            Scalar scalar => new ConfigScalar(_locate(scalar.Start), scalar.Value, scalar.Style != ScalarStyle.Plain),
            SequenceStart => ReadList(head, depth),
            _ => ReadMap(head, depth),
        };
        if (!head.Anchor.IsEmpty)
        {
            _anchors[head.Anchor.Value] = node;
        }

        return node;
    }

    private ConfigList ReadList(NodeEvent start, int depth)
    {
        var items = new List<ConfigNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(ReadNode(depth + 1));
        }

        return new ConfigList(_locate(start.Start), items);
    }

    private ConfigMap ReadMap(NodeEvent start, int depth)
    {
        var entries = new Dictionary<string, ConfigEntry>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var mark = _parser.Current!;
            if (ReadNode(depth + 1) is not ConfigScalar key)
            {
                throw Error(mark, "a key must be a plain word");
            }

            var entry = new ConfigEntry(key.Text, _locate(mark.Start), ReadNode(depth + 1));
            if (!entries.TryAdd(key.Text, entry))
            {
                var first = entries[key.Text].Location;
                throw Error(mark, $"key {ScalarFormat.Quoted(key.Text)} is already given at line {first.Line}");
            }
        }

        return new ConfigMap(_locate(start.Start), [.. entries.Values]);
    }

    private ConfigException Error(ParsingEvent at, string problem) => new(_locate(at.Start), problem);
}
